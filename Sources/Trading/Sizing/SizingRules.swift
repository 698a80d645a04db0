// From what an account has and a contract risks to a number of contracts.

package import Market

/// How boldly an account of a size trades. Accounts of different tiers are different accounts: nothing is shared between them.
package struct AccountTier: Sendable, Hashable {
  package var name: String
  /// Takes Kelly's place where it is given: so much of the account at risk in one position.
  package var fixedFraction: Double?
  /// The part of Kelly's full fraction that is used, and the most that comes of it.
  package var kellyPart: Double
  package var kellyCap: Double
  /// Of the account, where its own trades say too little.
  package var fallbackFraction: Double
  /// How sure the chance to win must be; nil takes it as it was. See `TradeStatistics.bet`.
  package var belief: Double?

  package init(
    name: String, fixedFraction: Double? = nil, kellyPart: Double = 0.5, kellyCap: Double = 0.25,
    fallbackFraction: Double, belief: Double? = 0.95
  ) {
    self.name = name
    self.fixedFraction = fixedFraction
    self.kellyPart = kellyPart
    self.kellyCap = kellyCap
    self.fallbackFraction = fallbackFraction
    self.belief = belief
  }

  /// About a thousand dollars: half of Kelly, at most a quarter of the account, which buys one contract at up to 2.50 of 1,000 dollars; a twentieth while its
  /// trades say too little.
  package static let tiny = AccountTier(name: "tiny", fallbackFraction: 0.05)
  /// About a hundred thousand dollars: 1 % of the account, whatever Kelly says.
  package static let large = AccountTier(name: "large", fixedFraction: 0.01, fallbackFraction: 0.01)

  /// What the tier's own trades say, as surely as it wants to know.
  package func bet(_ statistics: TradeStatistics) -> KellyBet? { statistics.bet(belief: belief) }

  /// The share of the account to put at risk in one position, and by which rule.
  package func riskFraction(_ bet: KellyBet?) -> (fraction: Double, rule: SizeRule) {
    if let fixedFraction { return (fixedFraction, .tier) }
    guard let bet else { return (fallbackFraction, .fallback) }
    let part = kellyPart * bet.riskFraction
    return part > kellyCap ? (kellyCap, .kellyCap) : (part, .kelly)
  }
}

/// Shares of the account in one position by the height of volatility.
package struct RiskSizes: Sendable, Hashable {
  package var low: Double
  package var medium: Double
  package var high: Double

  package init(low: Double, medium: Double, high: Double) {
    self.low = low
    self.medium = medium
    self.high = high
  }

  package static let standard = RiskSizes(low: 0.30, medium: 0.20, high: 0.10)
  package static let tightened = RiskSizes(low: 0.20, medium: 0.15, high: 0.05)

  /// By the rank of implied volatility among that of the year before: low below 0.4, high above 0.6. An unknown rank counts as its neutral value.
  package func fraction(_ rank: VolatilityRank) -> Double { fraction(rank: rank.rankOrNeutral) }

  /// rank: 0...1. What is no number counts as the highest.
  package func fraction(rank: Double) -> Double {
    switch rank {
    case ..<0.4: low
    case ...0.6: medium
    default: high
    }
  }
}

/// Sizes by what the underlying moves on an ordinary day, and by what the stop loses.
package struct RangeRule: Sendable, Hashable {
  /// Of the account, that an ordinary day's move, or the stop, may take.
  package var risk: Double
  /// Average true ranges that count as an ordinary day's move.
  package var ranges: Double

  package init(risk: Double = 0.01, ranges: Double = 1.5) {
    self.risk = risk
    self.ranges = ranges
  }
}

/// What sizes are made from: one account and one contract (or package) at one moment.
package struct SizingFacts: Sendable, Equatable {
  /// The account's net liquidation value now, never that of the start.
  package var equityMicroDollars: Int64
  /// What may be spent; nil where the caller asks margin itself.
  package var cashMicroDollars: Int64?
  /// What one contract costs now, with what is paid beside its price; 0 or less for a credit.
  package var costMicroDollars: Int64
  /// The most that one contract can lose, above 0: its whole premium where it is bought.
  package var largestLossMicroDollars: Int64
  /// The price that the stop is a share of, in ten-thousandths of a dollar a unit, positive for both sides.
  package var premium: Int
  package var multiplier: Int
  /// Dollars a dollar of the underlying, a unit.
  package var delta: Double
  /// Dollars; nil: the rule is not asked.
  package var averageTrueRange: Double?
  /// nil: the rule is not asked.
  package var volatility: VolatilityRank?
  package var deltaRoom: GreekHeadroom?
  package var gammaRoom: GreekHeadroom?
  package var thetaRoom: GreekHeadroom?
  package var vegaRoom: GreekHeadroom?

  /// An option that is bought: its whole premium can be lost. price: ten-thousandths of a dollar a unit.
  package init(
    buying price: Int, multiplier: Int = 100, besidePriceMicroDollars: Int64 = 0, delta: Double,
    equityMicroDollars: Int64, cashMicroDollars: Int64? = nil
  ) {
    let cost = Money.amount(price: price, multiplier: multiplier, quantity: 1) + besidePriceMicroDollars
    self.init(
      costMicroDollars: cost, largestLossMicroDollars: cost, premium: price, multiplier: multiplier, delta: delta,
      equityMicroDollars: equityMicroDollars, cashMicroDollars: cashMicroDollars)
  }

  package init(
    costMicroDollars: Int64, largestLossMicroDollars: Int64, premium: Int, multiplier: Int, delta: Double,
    equityMicroDollars: Int64, cashMicroDollars: Int64? = nil
  ) {
    self.equityMicroDollars = equityMicroDollars
    self.cashMicroDollars = cashMicroDollars
    self.costMicroDollars = costMicroDollars
    self.largestLossMicroDollars = largestLossMicroDollars
    self.premium = premium
    self.multiplier = multiplier
    self.delta = delta
  }
}

/// How many contracts a position begins with.
package struct SizingRules: Sendable, Hashable {
  package var tier: AccountTier
  package var riskSizes: RiskSizes?
  package var range: RangeRule?
  /// Contracts of one order; nil: as many as an order may have.
  package var largestOrder: Int?

  package init(
    tier: AccountTier, riskSizes: RiskSizes? = nil, range: RangeRule? = RangeRule(), largestOrder: Int? = nil
  ) {
    self.tier = tier
    self.riskSizes = riskSizes
    self.range = range
    self.largestOrder = largestOrder
  }

  /// The least that the rules allow, asked in the order of `SizeRule`. What a rule needs and is not known makes it zero: nothing is bought on a guess.
  ///
  /// bet: what the tier's own trades were; nil where they say too little. stopLoss: of the exit plan, in basis points of the premium.
  package func size(_ facts: SizingFacts, bet: KellyBet?, stopLoss: Int) -> PositionSize {
    let equity = MicroDollars.dollars(facts.equityMicroDollars)
    let largestLoss = MicroDollars.dollars(facts.largestLossMicroDollars)
    guard facts.multiplier > 0, facts.premium > 0, stopLoss > 0, largestLoss > 0 else { return .none(by: .unknown) }
    var size = PositionSize()
    func limit(_ rule: SizeRule, _ contracts: Int?) {
      if let contracts { size.limit(to: contracts, by: rule) } else { size = .none(by: .unknown) }
    }
    let (fraction, rule) = tier.riskFraction(bet)
    limit(rule, PositionSize.whole(equity * fraction, over: largestLoss))
    if let riskSizes, let rank = facts.volatility {
      limit(.riskLevel, PositionSize.whole(equity * riskSizes.fraction(rank), over: largestLoss))
    }
    if let range {
      let amount = equity * range.risk
      if let averageTrueRange = facts.averageTrueRange {
        limit(.averageRange, range.contracts(amount, averageTrueRange, facts))
      }
      let premium = Double(facts.premium) / Double(TickRule.perDollar)
      limit(
        .stopRisk,
        PositionSize.whole(amount, over: premium * Double(stopLoss) / 10_000 * Double(facts.multiplier)))
    }
    if let room = facts.deltaRoom { limit(.delta, room.contracts) }
    if let room = facts.gammaRoom { limit(.gamma, room.contracts) }
    if let room = facts.thetaRoom { limit(.theta, room.contracts) }
    if let room = facts.vegaRoom { limit(.vega, room.contracts) }
    if let cash = facts.cashMicroDollars, facts.costMicroDollars > 0 {
      limit(.cash, Int(min(max(cash, 0) / facts.costMicroDollars, Int64(Order.mostQuantity))))
    }
    if let largestOrder { limit(.largest, largestOrder) }
    return size
  }
}

extension RangeRule {
  /// floor(amount / (ranges x ATR x |delta| x multiplier)); nil where the range or delta is not known, which a range of nothing is too.
  fileprivate func contracts(_ amount: Double, _ averageTrueRange: Double, _ facts: SizingFacts) -> Int? {
    guard averageTrueRange > 0, facts.delta.isFinite else { return nil }
    guard facts.delta != 0 else { return Order.mostQuantity }
    return PositionSize.whole(
      amount, over: ranges * averageTrueRange * abs(facts.delta) * Double(facts.multiplier))
  }
}
