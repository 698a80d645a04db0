// What the game that sells premium sells, how much of it, and when it is bought back.

package import AgentInterface
import Market
import Pricing
package import Text
import Trading

/// An action of `short_premium`. What is sold is a spread: the option that is sold, and one further out of the money that covers it.
package enum PremiumAction: Int, Sendable, CaseIterable {
  case hold, sellCallSpread, sellPutSpread, close

  package var name: String {
    switch self {
    case .hold: "hold"
    case .sellCallSpread: "sell_call_spread"
    case .sellPutSpread: "sell_put_spread"
    case .close: "close"
    }
  }

  var move: OptionsMove {
    switch self {
    case .hold: .hold
    case .sellCallSpread: .enterCall
    case .sellPutSpread: .enterPut
    case .close: .exit
    }
  }

  package static let space = ActionSpace(names: allCases.map(\.name), fallback: hold.rawValue)
}

/// The rules by which premium is sold.
package struct PremiumRules: Sendable, Equatable {
  /// What stands behind an option that is sold.
  package enum Cover: String, Sendable, CaseIterable {
    /// Another option of the same kind, further out of the money.
    case spread
    /// Nothing: the exchange's requirement in cash.
    case naked
  }

  package var cover = Cover.spread
  /// The largest |delta| of the option that is sold, itself included.
  package var shortDelta = 0.15
  /// Between the strikes of a spread, at most, dollars; `symbolWidths` stands before it.
  package var widthDollars = 5.0
  /// `SYMBOL=DOLLARS`: the same of these symbols.
  package var symbolWidths = ["SPX=50"]
  /// Of the account: the most net requirement of an entry where volatility is calm, ordinary and high.
  package var calmShare = 0.20
  package var ordinaryShare = 0.15
  package var highShare = 0.05
  /// Volatility points: calm below the first, high above the second.
  package var calmBelow = 15.0
  package var highAbove = 25.0
  /// The loss, in credits received, at which a position is bought back, itself included; nil: never.
  package var stopCredits: Double? = 2

  package init() {}

  package static let settings: [SettingOf<PremiumRules>] = [
    .choice(
      "environment.margin", \.cover, Cover.allCases.map { ($0.rawValue, $0) },
      "what covers an option that is sold: another one further out, or nothing but the exchange's requirement in cash"),
    .number(
      "environment.short_delta", \.shortDelta, 0.01...0.5,
      "the largest |delta| of the option that is sold; it may be another one when a policy is used than when it was trained"
    ),
    .number(
      "environment.width", \.widthDollars, 0.5...1000, unit: "dollars",
      "between the strikes of a spread, at most: the furthest that is quoted covers"),
    .words(
      "environment.width_by_symbol", \.symbolWidths, "SYMBOL=DOLLARS: environment.width of these symbols"),
    .number(
      "environment.calm_share", \.calmShare, 0...1, unit: "of the account",
      "the most net requirement of an entry where the volatility at the money is below environment.calm_below"),
    .number(
      "environment.ordinary_share", \.ordinaryShare, 0...1, unit: "of the account", "the same between the two"),
    .number(
      "environment.high_share", \.highShare, 0...1, unit: "of the account",
      "the same above environment.high_above, and where the volatility is not known"),
    .number("environment.calm_below", \.calmBelow, 0...500, unit: "volatility points", "see environment.calm_share"),
    .number("environment.high_above", \.highAbove, 0...500, unit: "volatility points", "see environment.high_share"),
    .optionalNumber(
      "environment.stop_credits", \.stopCredits, 0.01...100,
      "the loss, in credits received, at which a position is bought back; null holds on"),
  ]

  /// The share of the account by the volatility at the money, in points; what is no number, or nothing, counts as high.
  package func share(points: Double) -> Double {
    guard points > 0, points <= highAbove else { return highShare }
    return points < calmBelow ? calmShare : ordinaryShare
  }

  var margin: MarginRules { MarginRules(admitsUncovered: cover == .naked) }

  /// `stopCredits` as exit plans count: in basis points.
  var stopBasisPoints: Int64? { stopCredits.map { Int64(($0 * 10_000).rounded()) } }

  /// Thousandths of a dollar.
  func width(of symbol: String) -> Int {
    Int(((SymbolAmount.of(symbol, in: symbolWidths) ?? widthDollars) * 1000).rounded())
  }
}

/// One package that may be entered at the end of a minute, on the quotes of that minute.
struct PremiumCandidate: Sendable {
  var legs: UpToFour<OrderLeg>
  /// What one brings, less what entering it costs, and what an account that holds one must have in cash, micro-dollars. The first is negative where it is bought.
  var credit: Int64
  var requirement: Int64
  /// Of the account: the most net requirement.
  var share: Double

  /// How many the sizes of the desk let an account enter that holds nothing: the net requirement, of the account's share and of its cash.
  func size(multiplier: Int, equity: Int64, cash: Int64, delta: Double, mostContracts: Int) -> Int {
    let net = requirement - credit
    let facts = SizingFacts(
      costMicroDollars: net, largestLossMicroDollars: net,
      premium: max(Int(abs(credit) / (Money.microDollarsPerTick * Int64(multiplier))), 1), multiplier: multiplier,
      delta: delta, equityMicroDollars: equity, cashMicroDollars: cash)
    let rules = SizingRules(
      tier: AccountTier(name: "short_premium", fallbackFraction: share), range: nil, largestOrder: mostContracts)
    return rules.size(facts, bet: nil, stopLoss: 10_000).contracts
  }
}

/// Looks for what may be sold, by the same arithmetic that a fill is permitted by.
struct PremiumSearch {
  private let tape: OptionTape
  private let columns: TapeColumns
  private let configuration: OptionsConfiguration
  /// A book of nobody: what one package needs beside nothing.
  private let nobody = LaneAccounts(laneCount: 1, capacity: 2)
  private let volatility = OptionFeatures.columns.firstIndex(of: "atm_volatility")

  init(_ tape: OptionTape, _ columns: TapeColumns, _ configuration: OptionsConfiguration) {
    (self.tape, self.columns, self.configuration) = (tape, columns, configuration)
  }

  /// The option of the largest |delta| among those that may be sold, with its cover; nil where it brings nothing after costs, or nothing quoted covers it.
  func candidate(
    _ found: [(contract: Int32, delta: Double)], _ day: OptionsDay, minute: Int
  ) -> PremiumCandidate? {
    let rules = configuration.premium
    let short = found.max { ($0.delta, $1.contract) < ($1.delta, $0.contract) }
    guard let short else { return nil }
    var legs = UpToFour(OrderLeg(contract: short.contract, ratio: -1))
    if rules.cover == .spread {
      guard let cover = cover(of: short.contract, day, minute: minute) else { return nil }
      legs.append(OrderLeg(contract: cover, ratio: 1))
    }
    return priced(legs, share: share(row: day.row(minute: minute)), day, minute: minute).flatMap {
      $0.credit > 0 ? $0 : nil
    }
  }

  /// A package with what one brings and needs; nil where a leg has no quote.
  private func priced(
    _ legs: UpToFour<OrderLeg>, share: Double, _ day: OptionsDay, minute: Int
  ) -> PremiumCandidate? {
    let order = Order(id: 1, legs: legs, quantity: 1, effect: .opens, submittedMinute: minute)
    let view = columns.view(day, minute: minute)
    let book = nobody.book(0)
    guard
      let paid = book.estimate(
        of: order, packages: 1, terms: { day.execution.terms[Int($0)] }, view: view, minute: minute,
        fees: day.execution.fees,
        halfSpreadMillionths: day.execution.settings.halfSpreadMillionths),
      let required = try? book.margin(
        in: day.table, rules: configuration.premium.margin, adding: MarginAddition(legs: legs, quantity: 1),
        ask: { view.quote(of: $0, minute: minute)?.ask },
        underlyingPrice: { view.underlyingPrice(of: $0, minute: minute) })
    else { return nil }
    return PremiumCandidate(legs: legs, credit: -paid, requirement: required.gross, share: share)
  }

  /// The call and the put of one strike, of which the one that is looked for has the |delta| nearest to the target; nil where one of the two is not quoted, or where
  /// it is sold and brings nothing after costs.
  func straddle(
    _ found: [(contract: Int32, delta: Double)], _ day: OptionsDay, minute: Int, isSold: Bool
  ) -> PremiumCandidate? {
    let target = configuration.targetDelta
    let nearest = found.min { (abs($0.delta - target), $0.contract) < (abs($1.delta - target), $1.contract) }
    guard let nearest else { return nil }
    let contracts = day.session.contracts
    let one = contracts[Int(nearest.contract)]
    let other = contracts.firstIndex { $0.strikeThousandths == one.strikeThousandths && $0.right != one.right }
    guard let other, columns.quotes.quote(at: day.place(minute: minute) + other).fills(at: minute) else { return nil }
    let ratio: Int32 = isSold ? -1 : 1
    // What is bought counts as calls do, what is sold as puts do.
    let ordered = (one.right == .call) != isSold ? [nearest.contract, Int32(other)] : [Int32(other), nearest.contract]
    var legs = UpToFour(OrderLeg(contract: ordered[0], ratio: ratio))
    legs.append(OrderLeg(contract: ordered[1], ratio: ratio))
    guard var candidate = priced(legs, share: 1, day, minute: minute), !isSold || candidate.credit > 0 else {
      return nil
    }
    // What is bought is paid for, and needs nothing beside.
    if !isSold { candidate.requirement = 0 }
    return candidate
  }

  private func share(row: Int) -> Double {
    guard let volatility else { return configuration.premium.highShare }
    let points = 100 * Double(tape.features[row * OptionFeatures.columns.count + volatility])
    return configuration.premium.share(points: points)
  }

  /// The furthest contract within the width that somebody quotes.
  private func cover(of short: Int32, _ day: OptionsDay, minute: Int) -> Int32? {
    let contracts = day.session.contracts
    let sold = contracts[Int(short)]
    let width = configuration.premium.width(of: tape.symbols[day.symbol].name)
    let first = day.place(minute: minute)
    var best: (contract: Int32, distance: Int)?
    for (number, contract) in contracts.enumerated() where contract.right == sold.right {
      let further = Int(contract.strikeThousandths) - Int(sold.strikeThousandths)
      let distance = sold.right == .call ? further : -further
      guard distance > 0, distance <= width, distance > best?.distance ?? 0,
        columns.quotes.quote(at: first + number).fills(at: minute)
      else { continue }
      best = (Int32(number), distance)
    }
    return best?.contract
  }
}

extension OptionsEnvironment {
  /// Whether buying back what is held would lose as much of its credit as is allowed, on quotes of the minute: the stop of `ExitPlan`, of a whole group.
  func isStopped(_ book: Book) -> Bool {
    guard configuration.game == .shortPremium, let stop = configuration.premium.stopBasisPoints,
      let held = book.firstGroup.flatMap({ HeldPackage(book.groups[$0], in: book) }), held.isQuoted
    else { return false }
    return Int128(held.basis - held.liquidation) * 10_000 >= Int128(stop) * Int128(abs(held.basis))
  }
}
