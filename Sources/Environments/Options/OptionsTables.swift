// What no account changes about the options game, computed once and read by all lanes.

import Kernels
package import Market
import Pricing
package import Trading

/// The days of a tape, and for each of their minutes the contracts that an entry may be of, in the order in which they are tried.
package final class OptionsTables: @unchecked Sendable {
  package let tape: OptionTape
  package let configuration: OptionsConfiguration
  /// By session, then symbol, where a symbol has bars: the order in which a walk goes.
  package let days: [OptionsDay]
  /// By symbol.
  package let accounts: [Int64]
  package let gates: [RiskGate]
  /// By symbol: what the fast search asks of its gate, and whether it is an index.
  let searches: [EntryLimits]
  let areIndices: [Bool]
  /// The most contracts of a day, at least 1.
  let mostContracts: Int
  let largestTable: ContractTable
  /// (rows x 2 + 1) where the candidates of a row's calls, then puts, begin in `candidates`.
  private let starts: [Int32]
  private let candidates: [Int32]
  /// (candidates) what an account must be worth for one of each, see `EntryLimits.leastValue`.
  let leastValues: UnsafeMutablePointer<Float>
  /// The same where premium is sold: at most one of each.
  private let premiums: [PremiumCandidate]
  /// (rows x 6) `OptionsMomentum`; empty where it is not shown.
  let momentum: [Float]
  /// Of the market, in a row of observations.
  let featureCount = OptionFeatures.columns.count
  /// Only its columns are read, by place.
  let columns: TapeColumns
  /// Where the tape's columns lie, and the days: a step reads them without the objects around them, which nobody counts.
  let memory: TapeMemory
  private let gateMemory: UnsafeMutablePointer<RiskGate>
  private let limitMemory: UnsafeMutablePointer<EntryLimits>
  /// (rows)
  let rows: UnsafeMutablePointer<OptionsRow>
  private let dayReferences: UnsafeMutablePointer<Unmanaged<OptionsDay>>

  /// Throws where the configuration makes no sense, or where the market has no options.
  package init(_ market: MarketTape, configuration: OptionsConfiguration) throws(EnvironmentError) {
    try configuration.validate()
    guard let tape = market.options else { throw .noOptions }
    try OptionsTables.requireVolumes(tape, configuration)
    self.tape = tape
    self.configuration = configuration
    var days: [OptionsDay] = []
    for number in tape.dates.indices {
      for symbol in tape.symbols.indices where tape.sessions[symbol][number].absence != .noBars {
        do {
          days.append(
            try OptionsDay(
              tape.sessions[symbol][number], firstBar: market.sessions[number].lowerBound, configuration: configuration)
          )
        } catch {
          throw .badSetting(name: "environment.latency_minutes", found: error.found, allowed: error.expected)
        }
      }
    }
    self.days = days
    accounts = tape.symbols.map { configuration.capital(of: $0.name) }
    gates = tape.symbols.map { RiskGate(configuration.profile(of: $0.name)) }
    areIndices = tape.symbols.map { $0.instrument == .index }
    searches = gates.map { EntryLimits($0.profile, configuration) }
    largestTable = days.map(\.table).max { $0.count < $1.count } ?? ContractTable()
    mostContracts = max(largestTable.count, 1)
    momentum = configuration.humanMomentum ? OptionsMomentum.table(tape, days) : []
    columns = TapeColumns(tape)
    memory = TapeMemory(tape)
    gateMemory = .allocate(capacity: max(gates.count, 1))
    for (symbol, gate) in gates.enumerated() { (gateMemory + symbol).initialize(to: gate) }
    limitMemory = .allocate(capacity: max(searches.count, 1))
    for (symbol, search) in searches.enumerated() { (limitMemory + symbol).initialize(to: search) }
    dayReferences = .allocate(capacity: max(days.count, 1))
    for (place, day) in days.enumerated() {
      (dayReferences + place).initialize(to: Unmanaged.passUnretained(day))
    }
    let quotes = columns.quotes
    if configuration.game == .options {
      (starts, candidates) = OptionsTables.lists(days, tape, quotes, configuration) { found, _, _, _ in
        OptionsTables.order(found, configuration)
      }
      premiums = []
    } else {
      let search = PremiumSearch(tape, columns, configuration)
      (starts, premiums) = OptionsTables.lists(days, tape, quotes, configuration) { found, day, minute, isCall in
        let one =
          configuration.game == .straddle
          ? search.straddle(found, day, minute: minute, isSold: isCall) : search.candidate(found, day, minute: minute)
        return one.map { [$0] } ?? []
      }
      candidates = []
    }
    leastValues = .allocate(capacity: max(candidates.count, 1))
    leastValues.initialize(repeating: 0, count: candidates.count)
    rows = .allocate(capacity: max(tape.rowCount, 1))
    rows.initialize(
      repeating: OptionsRow(
        spot: 0, weight: 1, rank: 0, move: 0, leastForCall: .infinity, leastForPut: .infinity, logPrice: 0),
      count: tape.rowCount)
    fillLeastValues()
    fillRows()
  }

  deinit {
    rows.deallocate()
    limitMemory.deinitialize(count: searches.count)
    limitMemory.deallocate()
    leastValues.deallocate()
    gateMemory.deinitialize(count: gates.count)
    gateMemory.deallocate()
    dayReferences.deallocate()
  }

  /// Calls `body` with a day, which lives as long as the tables.
  @inline(__always)
  func withDay<Result>(_ place: Int, _ body: (OptionsDay) -> Result) -> Result {
    precondition(place >= 0 && place < days.count, "day \(place) of \(days.count)")
    return dayReferences[place]._withUnsafeGuaranteedRef { body($0) }
  }

  /// The gate of a symbol where it lies: nobody copies its profile.
  @inline(__always)
  func gate(_ symbol: Int) -> UnsafePointer<RiskGate> {
    precondition(symbol >= 0 && symbol < gates.count, "symbol \(symbol) of \(gates.count)")
    return UnsafePointer(gateMemory + symbol)
  }

  /// What the search asks of a symbol's gate, where it lies.
  @inline(__always)
  func limits(_ symbol: Int) -> UnsafePointer<EntryLimits> {
    precondition(symbol >= 0 && symbol < gates.count, "symbol \(symbol) of \(gates.count)")
    return UnsafePointer(limitMemory + symbol)
  }

  /// The contract of a candidate that is bought.
  @inline(__always)
  func candidate(_ place: Int) -> Int32 { candidates[place] }

  /// The contracts of one right that an entry may be of at the end of a minute: the one whose |delta| is nearest to the target, then those of smaller
  /// |delta|, the largest first, down to the least that is taken.
  @inline(__always)
  func candidates(row: Int, isCall: Bool) -> Range<Int> {
    let place = 2 * row + (isCall ? 0 : 1)
    return Int(starts[place])..<Int(starts[place + 1])
  }

  /// What one of a candidate is made of.
  @inline(__always)
  func legs(ofCandidate place: Int) -> UpToFour<OrderLeg> {
    premiums.isEmpty ? OrderLeg(contract: candidates[place], ratio: 1).alone : premiums[place].legs
  }

  /// Where premium is sold, or straddles are traded.
  @inline(__always)
  func premium(ofCandidate place: Int) -> PremiumCandidate? { premiums.isEmpty ? nil : premiums[place] }

  /// Throws for the first symbol with options of which nobody says how many were traded, where a least number is asked for.
  private static func requireVolumes(
    _ tape: OptionTape, _ configuration: OptionsConfiguration
  ) throws(EnvironmentError) {
    guard configuration.leastVolume > 0 else { return }
    for (symbol, sessions) in zip(tape.symbols, tape.sessions) {
      let quoted = sessions.filter { $0.absence == nil }
      let isSaid = quoted.contains { session in
        let first = session.firstPlace
        return (first..<first + session.placeCount).contains { (tape.dayVolumes?[$0] ?? -1) >= 0 }
      }
      guard isSaid || quoted.isEmpty else {
        throw .unknownVolumes(symbol: symbol.name, least: configuration.leastVolume)
      }
    }
  }

  /// What `list` makes of the contracts that the selection takes, in each minute, of the calls and of the puts, with |delta|.
  private static func lists<Element>(
    _ days: [OptionsDay], _ tape: OptionTape, _ quotes: LaneQuotes, _ configuration: OptionsConfiguration,
    _ list: ([(contract: Int32, delta: Double)], OptionsDay, _ minute: Int, _ isCall: Bool) -> [Element]
  ) -> ([Int32], [Element]) {
    var lists = [[Element]](repeating: [], count: 2 * tape.rowCount)
    let selection = configuration.selection
    // The rank is asked of the row, once for all of its contracts.
    let neutral = try? VolatilityRank(current: 1, before: [])
    var found: [(contract: Int32, delta: Double)] = []
    for day in days where day.hasContracts {
      for minute in 0..<day.minuteCount {
        let row = day.row(minute: minute)
        guard tape.volatilityRanks[row] <= Float(configuration.highestVolatilityRank) else { continue }
        for isCall in [true, false] {
          found.removeAll(keepingCapacity: true)
          for (number, contract) in day.session.contracts.enumerated() where (contract.right == .call) == isCall {
            let place = day.place(minute: minute) + number
            let delta = Double(tape.deltas[place])
            let interest = day.session.openInterests[number]
            // Where volumes are asked for, what nobody says was not traded.
            let volume = configuration.leastVolume > 0 ? max(tape.dayVolumes?[place] ?? 0, 0) : nil
            let candidate = SelectionCandidate(
              contract: Int32(number), quote: quotes.quote(at: place), delta: delta.isFinite ? delta : nil,
              volume: volume.map { Int($0) }, openInterest: interest < 0 ? nil : Int(interest))
            if selection.rejection(of: candidate, rank: neutral, minute: minute) == nil {
              found.append((Int32(number), abs(delta)))
            }
          }
          lists[2 * row + (isCall ? 0 : 1)] = list(found, day, minute, isCall)
        }
      }
    }
    var starts: [Int32] = [0]
    starts.reserveCapacity(lists.count + 1)
    for list in lists { starts.append((starts.last ?? 0) + Int32(list.count)) }
    return (starts, lists.flatMap { $0 })
  }

  private static func order(
    _ found: [(contract: Int32, delta: Double)], _ configuration: OptionsConfiguration
  ) -> [Int32] {
    let target = configuration.targetDelta
    let nearest = found.min { left, right in
      (abs(left.delta - target), left.contract) < (abs(right.delta - target), right.contract)
    }
    guard let nearest, nearest.delta >= configuration.minimumDelta else { return [] }
    let smaller = found.filter {
      $0.delta >= configuration.minimumDelta && $0.delta < nearest.delta && $0.contract != nearest.contract
    }
    return [nearest.contract]
      + smaller.sorted { ($0.delta, $1.contract) > ($1.delta, $0.contract) }.map(\.contract)
  }
}

/// Where the columns of a tape lie; see `OptionTape`.
struct TapeMemory: @unchecked Sendable {
  let bids, asks, minutes, models, underlyingPrices: UnsafePointer<Int32>
  let volatilities, deltas, gammas, vegas, decaysToClose: UnsafePointer<Float>
  let spots, years, weights: UnsafePointer<Double>
  let volatilityRanks, features: UnsafePointer<Float>
  private let mostAge = MinuteQuote.mostAge
  let perDollar = Double(TickRule.perDollar)

  init(_ tape: OptionTape) {
    (bids, asks, minutes) = (tape.bids, tape.asks, tape.minutes)
    (models, underlyingPrices) = (tape.models, tape.underlyingPrices)
    (volatilities, deltas, gammas) = (tape.volatilities, tape.deltas, tape.gammas)
    (vegas, decaysToClose) = (tape.vegas, tape.decaysToClose)
    (spots, years, weights) = (tape.spots, tape.years, tape.weights)
    (volatilityRanks, features) = (tape.volatilityRanks, tape.features)
  }

  /// Whether the quote of a place fills an order at the end of a minute: `MinuteQuote.fills`.
  @inline(__always)
  func fills(at place: Int, minute: Int) -> Bool {
    let (bid, made) = (bids[place], Int(minutes[place]))
    return bid > 0 && asks[place] > bid && made >= 0 && made <= minute && minute - made <= mostAge
  }
}

/// The quotes of a tape by place, for whoever has no lane.
final class TapeColumns: Sendable {
  let quotes: LaneQuotes
  private let row = LaneArray<Int>(repeating: 0, count: 1)
  private let minute = LaneArray<Int32>(repeating: 0, count: 1)

  init(_ tape: OptionTape) {
    quotes = LaneQuotes(
      tape, rows: row.base, laneMinutes: minute.base, date: tape.dates.first ?? CalendarDate(daysSinceEpoch: 0),
      minuteCount: 0)
  }

  /// One minute of a day, until the next one is asked for: whoever asks is alone.
  func view(_ day: OptionsDay, minute: Int) -> LaneView {
    row.base[0] = day.place(minute: minute)
    self.minute.base[0] = Int32(minute)
    var quotes = quotes
    quotes.date = day.date
    quotes.minuteCount = day.minuteCount
    return quotes.view(0)
  }
}
