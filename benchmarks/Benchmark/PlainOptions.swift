// The C loop of the options game: its tables, and that it plays the game that ours plays.

import AgentInterface
import Algorithms
import CDesk
import Environments
import Glibc
import Kernels
import Market
import Trading

/// Everything of a tape that no account changes, in tables by session and minute: quotes and Greeks of a place side by side, and what a rich account would buy.
final class PlainOptions {
  private static let fee: Int64 = 650_000
  private static let account: Int64 = 1_000_000_000_000
  private static let contracts = 4
  /// Over the same actions, so that a measurement lasts.
  private static let passes = 8

  private let rich: OptionsEnvironment
  private let laneCount: Int
  private var quotes: [coptions_quote] = []
  private var rows: [coptions_row] = []
  private var sessions: [coptions_session] = []
  private var contracts: [coptions_contract] = []
  /// (sessions)
  private var dates: [CalendarDate] = []
  private let rules: coptions_rules
  private var lanes: [coptions_lane]
  private var observations: [Float]
  private var rewards: [Float]
  private var ended: [UInt8]

  /// Of one symbol.
  init(_ tape: OptionTape, lanes count: Int) throws(BenchmarkError) {
    laneCount = count
    var configuration = OptionsConfiguration()
    configuration.capitalDollars = MicroDollars.dollars(PlainOptions.account)
    (configuration.symbolCapital, configuration.symbolDecay) = ([], [])
    configuration.profile.limits.decayDollars = 1e6
    configuration.maximumContracts = PlainOptions.contracts
    configuration.feeDollars = MicroDollars.dollars(PlainOptions.fee)
    rules = coptions_rules(
      fee: PlainOptions.fee, account: PlainOptions.account,
      forced_flat_minutes: Int32(configuration.profile.forcedFlatMinutes), most_contracts: Int32(PlainOptions.contracts)
    )
    rich = try PlainOptions.environment(tape, configuration, lanes: count, .drawnSessions)
    lanes = [coptions_lane](repeating: coptions_lane(), count: count)
    observations = [Float](repeating: 0, count: count * Int(coptions_columns))
    rewards = [Float](repeating: 0, count: count)
    ended = [UInt8](repeating: 0, count: count)
    fill(tape, walking: try PlainOptions.environment(tape, configuration, lanes: 1, .walk))
  }

  private static func environment(
    _ options: OptionTape, _ configuration: OptionsConfiguration, lanes: Int, _ episodes: OptionsEnvironment.Episodes
  ) throws(BenchmarkError) -> OptionsEnvironment {
    let tape = MarketTape(options: options)
    do {
      return try OptionsEnvironment(
        tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount,
        laneCount: lanes, episodes: episodes)
    } catch {
      throw .failed("\(error)")
    }
  }

  /// Days without contracts are left out: nobody is sent into them.
  private func fill(_ tape: OptionTape, walking: OptionsEnvironment) {
    let entries = PlainOptions.entries(walking)
    func known(_ value: Float) -> Float { value.isFinite ? value : 0 }
    for session in tape.sessions[0] where session.absence == nil {
      dates.append(session.date)
      sessions.append(
        coptions_session(
          first_row: Int64(rows.count), first_place: Int64(quotes.count), first_contract: Int32(contracts.count),
          contracts: Int32(session.contracts.count), minutes: Int32(session.minuteCount),
          settlement: Int32(session.settlementPrice ?? 0)))
      for contract in session.contracts {
        contracts.append(
          coptions_contract(
            strike: Int32(clamping: contract.strikeThousandths * 10), side: contract.right == .call ? 1 : -1))
      }
      for minute in 0..<session.minuteCount {
        let row = session.row(minute: minute)
        let entry = entries[row] ?? (contracts: (-1, -1), quantities: (0, 0))
        var plain = coptions_row()
        plain.spot = Float(tape.spots[row])
        plain.log_price = Float(log10(tape.spots[row]) / 4)
        (plain.entries, plain.quantities) = (entry.contracts, entry.quantities)
        withUnsafeMutableBytes(of: &plain.features) { bytes in
          bytes.copyMemory(
            from: UnsafeRawBufferPointer(
              start: tape.features + row * Int(coptions_features), count: bytes.count))
        }
        rows.append(plain)
        for place in session.place(minute: minute)..<session.place(minute: minute) + session.contracts.count {
          quotes.append(
            coptions_quote(
              bid: tape.bids[place], ask: tape.asks[place], delta: known(tape.deltas[place]),
              gamma: known(tape.gammas[place]), decay: known(tape.decaysToClose[place]), vega: known(tape.vegas[place]))
          )
        }
      }
    }
  }

  /// What an account that no limit binds would enter at each row, as ours says it.
  private static func entries(
    _ walking: OptionsEnvironment
  ) -> [Int: (contracts: (Int32, Int32), quantities: (Int32, Int32))] {
    let row = Rollout(horizon: 1, laneCount: 1, observationCount: walking.observationSpace.count)
    walking.reset(seed: 0, into: row.resetBuffers)
    var entries: [Int: (contracts: (Int32, Int32), quantities: (Int32, Int32))] = [:]
    var (day, minute) = (walking.currentDay(lane: 0), 0)
    var hold: Int32 = 0
    for _ in 0..<walking.episodeLength {
      let plans = [true, false].map { walking.plannedEntry(lane: 0, isCall: $0) }
      entries[day.session.row(minute: minute)] = (
        contracts: (plans[0].legs[0].contract, plans[1].legs[0].contract),
        quantities: (Int32(plans[0].quantity), Int32(plans[1].quantity))
      )
      walking.step(&hold, lanes: 0..<1, into: row.stepBuffers(at: 0))
      minute += 1
      let next = walking.currentDay(lane: 0)
      if next.date != day.date { (day, minute) = (next, 0) }
    }
    return entries
  }

  private func withMarket<Result>(_ body: (UnsafePointer<coptions_market>) -> Result) -> Result {
    quotes.withUnsafeBufferPointer { quotes in
      rows.withUnsafeBufferPointer { rows in
        sessions.withUnsafeBufferPointer { sessions in
          contracts.withUnsafeBufferPointer { contracts in
            var market = coptions_market(
              quotes: quotes.baseAddress, rows: rows.baseAddress, sessions: sessions.baseAddress,
              contracts: contracts.baseAddress, session_count: UInt64(sessions.count))
            return body(&market)
          }
        }
      }
    }
  }

  /// Nanoseconds a lane and step. actions: (steps, lanes)
  func measure(_ actions: [UInt8]) -> Double {
    var random: UInt64 = 0x9e37_79b9_7f4a_7c15
    var rules = rules
    for lane in 0..<laneCount {
      coptions_open(&rules, &lanes[lane], Int32(lane % sessions.count))
      lanes[lane].minute = Int32(PlayedOptions.firstMinute(lane))
    }
    return withMarket { market in
      let start = ProcessorTime.seconds
      actions.withUnsafeBufferPointer { actions in
        guard let base = actions.baseAddress else { return }
        for _ in 0..<PlainOptions.passes {
          for step in 0..<actions.count / laneCount {
            coptions_step(
              market, &rules, &lanes, Int64(laneCount), base + step * laneCount, &observations, &rewards, &ended,
              &random)
          }
        }
      }
      return (ProcessorTime.seconds - start) * 1e9 / Double(PlainOptions.passes * actions.count)
    }
  }

  /// Plays an episode in every lane beside ours, with legal actions: accounts must be worth the same at every step, to the micro-dollar, and rows show the same.
  func check() throws(BenchmarkError) {
    let ours = Rollout(horizon: 1, laneCount: laneCount, observationCount: rich.observationSpace.count)
    rich.reset(seed: 0, into: ours.resetBuffers)
    var (rules, random) = (rules, UInt64(1))
    for lane in 0..<laneCount {
      let day = rich.currentDay(lane: lane)
      guard let place = dates.firstIndex(of: day.date) else {
        throw .failed("\(day.date) is not in the C loop's tables")
      }
      coptions_open(&rules, &lanes[lane], Int32(place))
    }
    var draws = RandomStream(seed: 1, purpose: .actionSampling)
    var plays = [Bool](repeating: true, count: laneCount)
    var masks = ours.resetBuffers.masks
    var (compared, traded) = (0, 0)
    while plays.contains(true) {
      let actions = (0..<laneCount).map { PlayedOptions.legal(masks[$0], &draws) }
      let before = lanes
      var chosen = actions.map(Int32.init)
      let row = ours.stepBuffers(at: 0)
      rich.step(&chosen, lanes: 0..<laneCount, into: row)
      withMarket { market in
        coptions_step(
          market, &rules, &lanes, Int64(laneCount), actions, &observations, &rewards, &ended, &random)
      }
      masks = row.masks
      for lane in 0..<laneCount where plays[lane] {
        let account = rich.lastAccount(lane: lane).netLiquidationMicroDollars
        if ended[lane] == 1 {
          plays[lane] = false
          // The loop has forgotten the account; what is left is a reward, in single precision.
          let change = Double(rewards[lane]) * Double(PlainOptions.account)
          let miss = Double(account - before[lane].value) - change
          guard row.terminated[lane] == 1, abs(miss) <= 1 + 1e-6 * abs(change) else {
            throw differs("the end of an episode", lane, before[lane])
          }
          traded += account == PlainOptions.account ? 0 : 1
        } else if isMarked(lanes[lane]) {
          guard account == lanes[lane].value else { throw differs("the worth of an account", lane, lanes[lane]) }
          try compare(lane, row.observations.row(lane))
          compared += 1
        }
      }
    }
    // Otherwise nothing was shown.
    guard compared > 100 * laneCount, traded > laneCount / 2 else {
      throw .failed("\(compared) rows and \(traded) traded episodes are too few to compare the C loop of options by")
    }
  }

  /// Whether what is held is quoted in its minute: a mark without a quote is moved by the surface, which the loop does not do.
  private func isMarked(_ lane: coptions_lane) -> Bool {
    guard lane.quantity > 0 else { return true }
    let session = sessions[Int(lane.session)]
    let quote = quotes[Int(session.first_place) + Int(lane.minute) * Int(session.contracts) + Int(lane.contract)]
    return quote.bid > 0 && quote.ask > quote.bid
  }

  /// The loop shows neither what is used of limits nor which symbol it is.
  private func compare(_ lane: Int, _ row: UnsafeMutablePointer<Float>) throws(BenchmarkError) {
    let (count, width) = (Int(coptions_columns), rich.observationSpace.count)
    for column in 0..<count {
      let own = Double(row[column < count - 3 ? column : width - count + column])
      let plain = Double(observations[lane * count + column])
      guard abs(own - plain) <= 1e-5 * max(1, abs(own)) else {
        throw differs("column \(column), \(own) and \(plain),", lane, lanes[lane])
      }
    }
  }

  private func differs(_ what: String, _ lane: Int, _ state: coptions_lane) -> BenchmarkError {
    .failed(
      "\(what) of options and of its C loop differ in lane \(lane) of session \(dates[Int(state.session)]) at minute \(state.minute)"
    )
  }
}
