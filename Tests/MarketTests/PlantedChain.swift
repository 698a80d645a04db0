// A clean chain to plant defects in, and the defects.

import Kernels
import Pricing

@testable import Market

/// Minutes of a chain around 100 dollars whose prices are those of a straight line, with spreads of two cents: at every strike parity holds exactly, and no
/// butterfly but the one at the money is worth anything. Every date has the same quotes.
struct PlantedChain {
  let root: String
  let dates: [CalendarDate]
  let minutes: [Int32]
  var contracts: [OptionContract]
  /// By cell, block x contracts + slot; ten-thousandths of a dollar.
  var bid: [Int32] = []
  var ask: [Int32] = []
  /// The vendor's, by cell; NaN where it is that of the clean quotes, infinite where there is none.
  var volatility: [Float]
  var delta: [Float]
  var theta: [Float]
  /// Whether the vendor says volatilities; and deltas and thetas.
  var hasVolatilities = true
  var hasGreeks: Bool
  var underlying: [Int32]
  var openInterest: [Int32]
  /// What the clean quotes say, by date and cell: volatilities on the variance clock, thetas a calendar day.
  private let own: [[(volatility: Float, delta: Float, theta: Float)]]

  var cells: Int { contracts.count * minutes.count }

  init(
    root: String = "XYZ", dates: [String] = ["2024-03-07", "2024-03-08"], expiry: String = "2024-03-15",
    minutes: [Int32] = [0, 100, 200, 300, 389], strikes: [Int] = Array(80...120), hasGreeks: Bool = false
  ) {
    self.root = root
    self.dates = dates.compactMap { CalendarDate($0) }
    self.minutes = minutes
    self.hasGreeks = hasGreeks
    let expiry = CalendarDate(expiry) ?? self.dates[0]
    let contracts = strikes.flatMap { strike in
      [OptionSymbol.Right.call, .put].map {
        OptionContract(root: root, expiry: expiry, right: $0, strikeThousandths: strike * 1000)
      }
    }
    self.contracts = contracts
    for _ in minutes {
      for contract in contracts {
        let forward = 100 - contract.strike
        // An intrinsic value with a time value that falls evenly to both sides: in order of the strike, and parity holds.
        let value = max(contract.right == .call ? forward : -forward, 0) + 3 - abs(forward) / 10
        let middle = Int32((value * 10_000).rounded())
        bid.append(middle - 100)
        ask.append(middle + 100)
      }
    }
    let unsaid = [Float](repeating: .nan, count: bid.count)
    (volatility, delta, theta) = (unsaid, unsaid, unsaid)
    underlying = [Int32](repeating: 1_000_000, count: minutes.count)
    openInterest = contracts.map { _ in 50 }
    let middles = zip(bid, ask).map { (Double($0) + Double($1)) / 20_000 }
    own = self.dates.map { PlantedChain.figures(on: $0, expiry, minutes, contracts, middles) }
  }

  private static func figures(
    on date: CalendarDate, _ expiry: CalendarDate, _ minutes: [Int32], _ contracts: [OptionContract],
    _ middles: [Double]
  ) -> [(volatility: Float, delta: Float, theta: Float)] {
    let calendar = TradingCalendar.xnys
    guard let first = calendar.ordinal(of: date), let last = calendar.ordinal(of: expiry) else { return [] }
    return middles.enumerated().map { cell, middle in
      let (block, slot) = cell.quotientAndRemainder(dividingBy: contracts.count)
      let minute = Int(minutes[block]) + 1
      let variance = VarianceClock().years(
        over: calendar.remainingSessions(from: first, minute: Double(minute), to: last))
      let now = calendar.sessions[first].start(ofMinute: minute)
      let years =
        Double((calendar.sessions[last].close.nanoseconds - now.nanoseconds) / Instant.nanosecondsPerMinute)
        / VolatilityClock.calendarMinutesPerYear
      var terms = OptionTerms(
        contracts[slot].right == .call ? .call : .put, spot: 100, strike: contracts[slot].strike, years: years,
        volatility: 0)
      guard let volatility = try? ImpliedVolatility.plainSolve(price: middle, terms) else { return (.nan, .nan, .nan) }
      terms.volatility = volatility
      guard let value = try? BlackScholes.plainValue(terms) else { return (.nan, .nan, .nan) }
      return (Float(volatility * (years / variance).squareRoot()), Float(value.delta), Float(value.thetaPerCalendarDay))
    }
  }

  func chain(conflicts: [ChainConflict] = []) -> OptionChain {
    var columns = [[Int32]](repeating: [], count: ChainColumn.allCases.count)
    columns[ChainColumn.bid.rawValue] = bid
    columns[ChainColumn.ask.rawValue] = ask
    return OptionChain(
      underlying: root, contracts: contracts,
      sessions: zip(dates, own).map { date, own in
        if !own.isEmpty {
          func said(_ planted: [Float], _ own: (Int) -> Float) -> [Int32] {
            planted.indices.map { cell in
              let value = planted[cell].isNaN ? own(cell) : planted[cell]
              return value.isFinite ? ChainValue.bits(value) : ChainValue.none
            }
          }
          if hasVolatilities {
            columns[ChainColumn.impliedVolatility.rawValue] = said(volatility) { own[$0].volatility }
          }
          if hasGreeks {
            columns[ChainColumn.delta.rawValue] = said(delta) { own[$0].delta }
            columns[ChainColumn.theta.rawValue] = said(theta) { own[$0].theta }
          }
        }
        return ChainSession(
          date: date, isExtendedHours: false, contracts: contracts.indices.map { Int32($0) }, minutes: minutes,
          columns: columns, openInterest: openInterest, underlying: underlying)
      }, declaration: ChainDeclaration(), conflicts: conflicts)
  }

  /// What the clean quotes of the first date say, by cell.
  var figures: [(volatility: Float, delta: Float, theta: Float)] { own[0] }

  /// By block: how much an option may be beyond its bounds before the gate says so, dollars, where nobody exercises early.
  var boundSlack: [Double] {
    var slack: [Double] = []
    PricedSeries.forEach(of: chain()) { slack.append(3 * $0.forward.forwardError) }
    return slack
  }

  // MARK: Places

  func contract(_ cell: Int) -> OptionContract { contracts[cell % contracts.count] }
  func minute(_ cell: Int) -> Int32 { minutes[cell / contracts.count] }

  /// As a finding names a quote, or the pricing checks name it, on the first of the dates.
  func place(_ cell: Int) -> String { "\(contract(cell)) \(dates[0]) minute \(minute(cell))" }

  func pricedPlace(_ cell: Int) -> String {
    let contract = contract(cell)
    return "\(contract.root) \(contract.expiry) \(contract.strike) \(contract.right == .call ? "call" : "put") "
      + "\(dates[0]) minute \(minute(cell))"
  }

  mutating func move(_ cell: Int, by ticks: Int32) {
    bid[cell] += ticks
    ask[cell] += ticks
  }
}

extension Sequence {
  /// In any order.
  func shuffled(_ random: inout RandomStream) -> [Element] {
    var elements = Array(self)
    random.shuffle(&elements)
    return elements
  }
}
