// An order that says what it wants, and leaves to the desk which contract that is and how many of it.

package import Market
package import Pricing
import Text

/// Buys one option: the one that scores best around a delta, at the market.
package struct EntryWish: Sendable {
  package var order: Int64
  package var underlying: String
  package var side: OptionSide
  package var selection: ContractSelection
  /// nil: by the rules of size.
  package var quantity: Int?
  /// Of the plan by which it will be left, in basis points of the premium.
  package var stopLoss: Int

  package init(
    order: Int64, underlying: String, side: OptionSide, selection: ContractSelection, quantity: Int?, stopLoss: Int
  ) {
    self.order = order
    self.underlying = underlying
    self.side = side
    self.selection = selection
    self.quantity = quantity
    self.stopLoss = stopLoss
  }
}

/// What days before a session say of an underlying.
package struct MorningFacts: Sendable {
  /// Of implied volatility; nil where the evening's is not known though others are, and nothing may be bought.
  package var rank: VolatilityRank?
  /// Dollars; nil where nobody says, and no rule asks for it.
  package var averageTrueRange: Double?

  package init(rank: VolatilityRank? = VolatilityRank(stated: nil), averageTrueRange: Double? = nil) {
    self.rank = rank
    self.averageTrueRange = averageTrueRange
  }
}

extension Desk {
  /// Chooses among the nearest expiry that is quoted, sizes and sends; false where nothing is sent. The log says what was chosen, and which rule made it as
  /// large as it is. Traps outside of a session.
  ///
  /// trades: the account's own; those of the tier in the last days are Kelly's statistics.
  @discardableResult
  package func enter(
    _ wish: EntryWish, sizing: SizingRules, morning: MorningFacts, trades: [SizedTrade] = [], minute: Int,
    view: some MarketView
  ) -> Bool {
    guard let rank = morning.rank else {
      note(
        "selects nothing: nobody knows the implied volatility of \(wish.underlying) in the evening before, and so not whether it is high; import that session",
        of: wish.order, date: view.date, minute: minute)
      return false
    }
    let model = RiskModel(rate: settings.rateAnnual)
    let candidates = candidates(of: wish, model, minute: minute, view: view)
    let answer = wish.selection.choose(among: candidates, rank: rank, minute: minute)
    guard let contract = answer.contract, let quote = view.quote(of: contract, minute: minute) else {
      note("selects nothing: \(answer.sentence)", of: wish.order, date: view.date, minute: minute)
      return false
    }
    let risk = model.risk(of: contract, in: table, view: view, minute: minute)
    let delta = risk.unitDelta
    let spread = 100 * ContractSelection.relativeSpread(quote)
    var words =
      "selects \(table[contract].symbol), delta \(DecimalText.fixed(delta, decimals: 2)), spread "
      + "\(DecimalText.fixed(spread, decimals: 1)) %\(wish.selection.words(of: view.liquidity(of: contract, minute: minute))); "
      + answer.sentence
    if rank.sessionCount > 0 { words += "; IV Rank \(rank.words())" }
    var quantity = wish.quantity ?? 0
    if wish.quantity == nil {
      var facts = SizingFacts(
        buying: quote.ask, multiplier: table[contract].multiplier, delta: delta, equityMicroDollars: value,
        cashMicroDollars: ledger.cash.pointee)
      facts.volatility = rank
      facts.averageTrueRange = morning.averageTrueRange
      addRoom(to: &facts, of: risk.exposure)
      let statistics = TradeStatistics(trades, tier: sizing.tier.name, on: view.date)
      let size = sizing.size(facts, bet: sizing.tier.bet(statistics), stopLoss: wish.stopLoss)
      quantity = size.contracts
      words += "; size \(size.contracts) by \(size.binding.words)\(size.binding.reason(statistics))"
    }
    note(words, of: wish.order, date: view.date, minute: minute)
    guard quantity > 0 else { return false }
    return submit(
      Order(
        id: wish.order, legs: UpToFour(OrderLeg(contract: contract, ratio: 1)), quantity: quantity, effect: .opens,
        submittedMinute: minute), view: view)
  }

  private func candidates(
    of wish: EntryWish, _ model: RiskModel, minute: Int, view: some MarketView
  ) -> [SelectionCandidate] {
    let numbers = (0..<Int32(table.count)).filter { number in
      let contract = table[number]
      guard contract.underlying == wish.underlying, contract.side == wish.side, let last = contract.lastSession else {
        return false
      }
      return last >= view.date && view.quote(of: number, minute: minute) != nil
    }
    let nearest = numbers.compactMap { table[$0].lastSession }.min()
    return numbers.filter { table[$0].lastSession == nearest }.map { number in
      let risk = model.risk(of: number, in: table, view: view, minute: minute)
      let liquidity = view.liquidity(of: number, minute: minute)
      return SelectionCandidate(
        contract: number, quote: view.quote(of: number, minute: minute), delta: risk.isKnown ? risk.unitDelta : nil,
        volume: liquidity.volume, openInterest: liquidity.openInterest)
    }
  }

  /// What the limits leave for contracts of a kind; nothing is added where the desk has none.
  private func addRoom(to facts: inout SizingFacts, of one: GreekExposure) {
    guard let risk else { return }
    let state = risk.state
    let judge = ExposureJudge(
      limits: risk.profile.limits, held: state.held, rising: state.rising, falling: state.falling)
    func room(_ limit: RiskLimit) -> GreekHeadroom {
      judge.headroom(limit, one, netLiquidationDollars: state.netLiquidationDollars)
    }
    facts.deltaRoom = room(.delta)
    facts.gammaRoom = room(.gamma)
    facts.thetaRoom = room(.decay)
    facts.vegaRoom = room(.vega)
  }
}

extension ContractSelection {
  /// What was asked for of a contract's volume and open interest, as it is.
  fileprivate func words(of liquidity: ContractLiquidity) -> String {
    func words(_ name: String, _ number: Int?, _ least: Int) -> String {
      least > 0 ? ", \(name) " + (number.map { "\($0)" } ?? "unknown") : ""
    }
    return words("volume", liquidity.volume, leastVolume)
      + words("open interest", liquidity.openInterest, leastOpenInterest)
  }
}

extension SizeRule {
  /// Behind the rule's words: the trades that Kelly's share is of, or why it is not asked.
  fileprivate func reason(_ statistics: TradeStatistics) -> String {
    switch self {
    case .kelly, .kellyCap: " of \(statistics.count) trades, \(statistics.wins) won"
    case .fallback: statistics.shortcoming.map { " (\($0))" } ?? ""
    default: ""
    }
  }
}
