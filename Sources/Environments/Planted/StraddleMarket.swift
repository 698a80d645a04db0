// A planted option market: straddles that are quoted too dear or too cheap, by the desk's own fills, fees and settlement.

package import AgentInterface
package import Kernels
import Market
import Pricing
import Text
import Trading

#if canImport(Glibc)
  import Glibc
#endif

/// Days of one straddle at the money, one session before its expiry and held to it: S 500, true volatility 0.12, r = q = 0. It is quoted at a volatility of 0.15
/// or of 0.096, each on half of the days, 0.02 dollars to either side of each leg, at 0.70 dollars a contract. The positions are a straddle sold, none, and one
/// bought; the reward is the day's change of the account in hundreds of dollars.
///
/// Fair is 3.0157 dollars a unit, the quotes stand at 3.7696 and 2.4126: selling the dear one earns 69.99 dollars a day after costs, buying the cheap one 54.91,
/// 62.45 on average; the payoff's standard deviation is 227.8 dollars. By `days` a policy is shown the type of the day beside the quoted volatility, that
/// volatility alone, or nothing where it trades: see `StraddleDays`.
///
/// Observations (N, 1 or 2). Every position is legal where the straddle trades. Days end by themselves (terminated).
package struct StraddleMarket: PlantedMarket {
  package struct Lane: Sendable {
    /// Of `StraddleDay`.
    var day: Int64
    var step: Int64
  }

  package var days: StraddleDays

  package init(days: StraddleDays = .shown) { self.days = days }

  package var episodeLength: Int { days == .remembered ? 2 : 1 }
  package var endsAtLength: Bool { true }

  package var columns: [ObservationSpace.Column] {
    let type = ObservationSpace.Column(name: "day_type", unit: "1 dear, -1 cheap, else 0")
    let volatility = ObservationSpace.Column(name: "quoted_volatility", unit: "tenths a year")
    switch days {
    case .shown, .fair: return [type, volatility]
    case .quoted: return [volatility]
    case .remembered: return [type, .init(name: "trades", unit: "0 or 1")]
    }
  }

  /// Where quotes are fair the best is to stand aside.
  package var optimumPerStep: Double? {
    let types = days.types
    let best = types.reduce(0.0) { sum, day in
      sum + [-1, 0, 1].reduce(0) { max($0, StraddleDesk.expectedDollars(day, position: $1)) }
    }
    return best / Double(types.count) / StraddleMarket.rewardDollars / Double(episodeLength)
  }

  /// What a reward of 1 is worth.
  package static let rewardDollars = 100.0

  private static let onlyFlat = ActionMask(rawValue: 1 << UInt64(PlantedAction.flat))

  @inline(__always)
  package func start(_ random: inout RandomStream) -> Lane {
    let isFirst = random.next() >> 63 == 0
    let types = days.types
    return Lane(day: Int64(isFirst ? types[0].rawValue : types[types.count - 1].rawValue), step: 0)
  }

  package func step(_ lane: inout Lane, action: Int, _ random: inout RandomStream) -> Double {
    let trades = self.trades(lane)
    lane.step += 1
    guard trades else { return 0 }
    // The close is drawn whatever the position, so that the days that follow do not depend on the action.
    let close = StraddleDesk.close(random.nextNormal())
    guard let day = StraddleDay(rawValue: Int(lane.day)) else { preconditionFailure("a day of type \(lane.day)") }
    let profit = StraddleDesk.profit(day, position: PlantedAction.position(action), close: close)
    return MicroDollars.dollars(profit) / StraddleMarket.rewardDollars
  }

  package func observe(_ lane: Lane, into row: UnsafeMutablePointer<Float>) {
    guard let day = StraddleDay(rawValue: Int(lane.day)) else { preconditionFailure("a day of type \(lane.day)") }
    switch days {
    case .shown, .fair:
      row[0] = day.sign
      row[1] = Float(10 * day.quotedVolatility)
    case .quoted:
      row[0] = Float(10 * day.quotedVolatility)
    case .remembered:
      let trades = trades(lane)
      row[0] = trades ? 0 : day.sign
      row[1] = trades ? 1 : 0
    }
  }

  @inline(__always)
  package func mask(_ lane: Lane) -> ActionMask {
    trades(lane) ? ActionMask.all(count: PlantedAction.count) : StraddleMarket.onlyFlat
  }

  package func save(_ lanes: [Lane], into state: inout StateRecord) {
    state.integers["day"] = lanes.map(\.day)
    state.integers["step"] = lanes.map(\.step)
  }

  package func lanes(from state: StateRecord, count: Int) throws(RestoreError) -> [Lane] {
    let days = try state.integers("day", count: count)
    let steps = try state.integers("step", count: count)
    let known = self.days.types.map { Int64($0.rawValue) }
    guard days.allSatisfy({ known.contains($0) }) else {
      throw .invalid(name: "day", reason: "days of \(self.days.rawValue) are of the types \(known)")
    }
    guard steps.allSatisfy({ (0..<Int64(episodeLength)).contains($0) }) else {
      throw .invalid(name: "step", reason: "steps are 0 to \(episodeLength - 1)")
    }
    return zip(days, steps).map { Lane(day: $0, step: $1) }
  }

  @inline(__always)
  private func trades(_ lane: Lane) -> Bool { lane.step == Int64(episodeLength - 1) }
}

/// Which days there are, and what is shown of them.
package enum StraddleDays: String, Sendable, CaseIterable {
  /// Dear and cheap ones, and both the type and the quoted volatility are shown.
  case shown
  /// The same, and the type shows only as the quoted volatility.
  case quoted
  /// The same in two steps: the first shows the type and allows no position, the second trades and shows neither. Without memory the best is always to sell, for
  /// 2.14 dollars a day.
  case remembered
  /// Quotes are always at the true volatility: every trade loses its costs, 5.40 dollars, and nothing else.
  case fair

  var types: [StraddleDay] { self == .fair ? [.fair] : [.dear, .cheap] }
}

/// How a day's straddle is quoted.
package enum StraddleDay: Int, Sendable, CaseIterable {
  case dear, cheap, fair

  package var quotedVolatility: Double {
    switch self {
    case .dear: 0.15
    case .cheap: 0.096
    case .fair: StraddleDesk.trueVolatility
    }
  }

  package var sign: Float {
    switch self {
    case .dear: 1
    case .cheap: -1
    case .fair: 0
    }
  }
}

/// The desk of these days: what a straddle costs, and what it is worth at its expiry. All days are alike, so that the orders are filled once.
package enum StraddleDesk {
  package static let trueVolatility = 0.12
  package static let spotDollars = 500.0
  /// One of 252 sessions.
  package static let years = 1.0 / 252
  private static let halfSpread = 200
  private static let feeMicroDollars: Int64 = 700_000
  private static let account: Int64 = 1_000_000_000_000

  private static let date = CalendarDate(year: 2024, month: 1, day: 3) ?? CalendarDate(daysSinceEpoch: 0)
  private static let table = ContractTable(
    [OptionSymbol.Right.call, .put].compactMap { right in
      TradedContract(
        OptionContract(root: "SPXW", expiry: date, right: right, strikeThousandths: Int(spotDollars * 1000)))
    })

  /// The price of one leg, in ten-thousandths of a dollar. At the money and without a rate both are worth the same.
  package static func legPrice(_ volatility: Double) -> Int {
    Int((value(volatility) * Double(TickRule.perDollar)).rounded())
  }

  /// Dollars a unit.
  private static func value(_ volatility: Double) -> Double {
    let terms = OptionTerms(.call, spot: spotDollars, strike: spotDollars, years: years, volatility: volatility)
    do throws(PricingError) { return try BlackScholes.plainValue(terms).price } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The quotes of a day: the same in every minute.
  private struct View: MarketView {
    let date = StraddleDesk.date
    let minuteCount = TradingCalendar.fullSessionMinutes
    let middle: Int

    func quote(of contract: Int32, minute: Int) -> MinuteQuote? {
      MinuteQuote(bid: middle - halfSpread, ask: middle + halfSpread, minute: minute)
    }
    func underlyingPrice(of contract: Int32, minute: Int) -> Int? { Int(spotDollars) * TickRule.perDollar }
  }

  private struct Close: SettlementPrices {
    let price: Int
    func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice? {
      SettlementPrice(price: price, source: .officialClose)
    }
  }

  /// By type of day: the fill of a straddle sold and of one bought.
  private static let fills: [(sold: OrderFill, bought: OrderFill)] = StraddleDay.allCases.map { day in
    (fill(day, side: -1), fill(day, side: 1))
  }

  private static func fill(_ day: StraddleDay, side: Int32) -> OrderFill {
    var legs = UpToFour(OrderLeg(contract: 0, ratio: side))
    legs.append(OrderLeg(contract: 1, ratio: side))
    let order = Order(id: 1, legs: legs, quantity: 1, effect: .opens, submittedMinute: 0)
    let execution: Execution
    do throws(ExecutionSettingError) {
      execution = try Execution(
        ExecutionSettings(), rates: .flat(optionMicroDollars: feeMicroDollars), table: table, date: date)
    } catch {
      preconditionFailure("\(error)")
    }
    var commission = OrderCommission()
    let liquidity = LiquidityMemory(table)
    defer { withExtendedLifetime(liquidity) {} }
    guard
      case .quoted(let quotes) = execution.quotes(
        of: order, minute: 1, in: View(middle: legPrice(day.quotedVolatility))),
      let fill = execution.cross(
        order, in: quotes, quantity: 1, minute: 1, weight: 1, ledger: liquidity.ledger,
        commission: &commission)
    else { preconditionFailure("a straddle of a \(day) day is not filled") }
    return fill
  }

  /// The close that a standard normal number makes, in ten-thousandths of a dollar: a martingale.
  package static func close(_ normal: Double) -> Int {
    let deviation = trueVolatility * years.squareRoot()
    return Int(
      (spotDollars * exp(deviation * normal - deviation * deviation / 2) * Double(TickRule.perDollar)).rounded())
  }

  /// What an account gained in a day, in micro-dollars. position: -1 sold, 0 none, 1 bought.
  package static func profit(_ day: StraddleDay, position: Int, close: Int) -> Int64 {
    guard position != 0 else { return 0 }
    let fill = position < 0 ? fills[day.rawValue].sold : fills[day.rawValue].bought
    return LaneAccounts.withTemporary(capacity: 2, groupCapacity: 1) { settled(fill, close: close, $0, $1) }
  }

  private static func settled(_ fill: OrderFill, close: Int, _ book: Book, _ ledger: Ledger) -> Int64 {
    ledger.open(cashMicroDollars: account)
    book.apply(fill, to: ledger)
    do throws(SettlementProblem) {
      try book.settle(
        on: date, at: .close, prices: Close(price: close), exercise: .cash, shares: { _ in nil }, in: table, to: ledger)
    } catch {
      preconditionFailure("\(error)")
    }
    precondition(book.gap(to: ledger) == 0, "the books of a day do not balance")
    return ledger.cash.pointee - account
  }

  /// What a position gains on average, in dollars: by Black-Scholes at the true volatility, less what it costs. The settlement's cent, below which nothing is
  /// exercised, is left out: it takes a thousandth of a dollar from whoever buys.
  package static func expectedDollars(_ day: StraddleDay, position: Int) -> Double {
    guard position != 0 else { return 0 }
    let fair = 2 * value(trueVolatility) * 100
    let fill = position < 0 ? fills[day.rawValue].sold : fills[day.rawValue].bought
    return Double(position) * fair - MicroDollars.dollars(fill.amount + fill.costs.besidePrice)
  }
}

extension StraddleMarket: EnvironmentConfiguration {
  package static let family = EnvironmentFamily(
    "straddle", "one-day straddles quoted too dear or too cheap, by the desk's fills, fees and settlement",
    game: StraddleMarket(),
    settings: [
      .choice(
        "environment.straddle_days", \.days, StraddleDays.allCases.map { ($0.rawValue, $0) },
        "which days there are, and what is shown of them")
    ], lanes: { Lanes($0, laneCount: $1) })
}
