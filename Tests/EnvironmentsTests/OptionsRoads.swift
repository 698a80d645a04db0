// Two environments over one market, of which one walks the desk's general rules alone: beside each other, step by step.

import AgentInterface
import Environments
import Kernels
import Market
import Trading

/// Same seeds and same actions for both. Differences are told in words; nil where everything is equal to the bit.
final class OptionsRoads {
  /// What has happened: a comparison of minutes in which nothing happens shows nothing.
  struct Seen {
    var entries = 0
    var trims = 0
    var exits = 0
    /// Steps behind which an order is in flight that no desk knows of.
    var lone = 0
    var unquotedEntries = 0
    var refusedEntries = 0
    var waitingExits = 0
    var forcedExits = 0
    var settled = 0
    /// Lanes in a state, at a snapshot.
    var halted = 0
    var reduced = 0
    var killed = 0
    var paused = 0
    /// Of the risk managers.
    var drift = 0
    var shrunk = 0
    var exitsOverLimit = 0
    /// Entries less than the most, and steps with a mark that is no quote.
    var smaller = 0
    var unquoted = 0
    var episodes = 0

    fileprivate mutating func add(_ counts: OptionsCounts) {
      unquotedEntries += Int(counts.unquotedEntries)
      refusedEntries += Int(counts.refusedEntries)
      waitingExits += Int(counts.waitingExits)
      forcedExits += Int(counts.forcedExits)
      settled += Int(counts.settled)
    }
  }

  let general: OptionsEnvironment
  let short: OptionsEnvironment
  private let rows: (general: StepRow, short: StepRow)
  private let most: Int
  private(set) var seen = Seen()

  init(
    _ tape: MarketTape, _ configuration: OptionsConfiguration, lanes: Int,
    _ episodes: OptionsEnvironment.Episodes = .drawnSessions, recordsFills: Bool = false
  ) throws {
    let tables = try OptionsTables(tape, configuration: configuration)
    func environment(isPlain: Bool) throws -> OptionsEnvironment {
      try OptionsEnvironment(
        tape: tape, tables: tables, window: 0..<tape.barCount, laneCount: lanes, episodes: episodes,
        recordsFills: recordsFills, isPlain: isPlain)
    }
    general = try environment(isPlain: true)
    short = try environment(isPlain: false)
    rows = (StepRow(for: general), StepRow(for: short))
    most = configuration.maximumContracts
  }

  func reset(seed: UInt64) -> String? {
    rows.general.reset(general, seed: seed)
    rows.short.reset(short, seed: seed)
    for lane in 0..<general.laneCount {
      guard rows.general.observation(lane) == rows.short.observation(lane),
        rows.general.masks[lane] == rows.short.masks[lane]
      else { return "lane \(lane) behind the reset" }
    }
    return nil
  }

  /// A step of legal actions drawn by (seed, lane, number): most often the first of three draws that does something.
  func step(seed: UInt64, number: Int) -> String? {
    choose(seed: seed, number: number)
    for lane in 0..<general.laneCount { rows.short.actions[lane] = rows.general.actions[lane] }
    rows.general.step(general)
    rows.short.step(short)
    for lane in 0..<general.laneCount {
      if let difference = difference(lane) {
        return "lane \(lane) at step \(number), action \(rows.general.actions[lane]): \(difference)"
      }
      if short.hasLoneOrder(lane: lane) { seen.lone += 1 }
      if rows.general.terminated[lane] == 1 || rows.general.truncated[lane] == 1 { seen.episodes += 1 }
      for position in general.positions(lane: lane) where !position.isQuoted { seen.unquoted += 1 }
    }
    return nil
  }

  private func choose(seed: UInt64, number: Int) {
    for lane in 0..<general.laneCount {
      let mask = rows.general.masks[lane]
      let word = RandomStream(seed: seed, purpose: .actionSampling, lane: UInt32(lane)).word(at: UInt64(number))
      let legal = (0..<6).filter { mask.allows($0) }
      var action = legal[Int(word % UInt64(legal.count))]
      // A position lives longer than a minute.
      if action >= 3, word >> 32 & 7 != 0 { action = 0 }
      rows.general.actions[lane] = Int32(action)
      switch action {
      case 1, 2:
        seen.entries += 1
        if general.plannedEntry(lane: lane, isCall: action == 1).quantity < most { seen.smaller += 1 }
      case 3, 4: seen.trims += 1
      case 5: seen.exits += 1
      default: break
      }
    }
  }

  private func difference(_ lane: Int) -> String? {
    let (one, other) = (rows.general.bits(lane), rows.short.bits(lane))
    if let place = one.indices.first(where: { one[$0] != other[$0] }) {
      let columns = general.observationSpace.count
      let name =
        place < columns ? general.observationSpace.columns[place].name : "number \(place - columns) behind them"
      return "\(name) is \(one[place]) and \(other[place])"
    }
    if general.lastStep(lane: lane) != short.lastStep(lane: lane) { return "the step's money" }
    if general.positions(lane: lane) != short.positions(lane: lane) { return "what is held" }
    if general.lastAccount(lane: lane) != short.lastAccount(lane: lane) { return "the account" }
    for isCall in [true, false] {
      let entries = (
        general.plannedEntry(lane: lane, isCall: isCall), short.plannedEntry(lane: lane, isCall: isCall)
      )
      if entries.0 != entries.1 { return "what would be entered" }
    }
    return nil
  }

  /// What happened to each lane since the last time, taken from both.
  func drain() -> String? {
    for lane in 0..<general.laneCount {
      let outcomes = general.drainOutcomes(lane: lane)
      guard let outcomes, outcomes == short.drainOutcomes(lane: lane) else { return "the outcomes of lane \(lane)" }
      seen.add(outcomes.orders)
      let fills = (general.drainFills(lane: lane), short.drainFills(lane: lane))
      guard fills.0 == fills.1 else { return "the fills of lane \(lane)" }
    }
    let episodes = (general.drainEpisodes(), short.drainEpisodes())
    return episodes.0 == episodes.1 ? nil : "the episodes"
  }

  /// Saves both, and has each go on with what the other has saved where `exchanges`.
  func save(exchanges: Bool) throws -> String? {
    let states = (general.snapshot(), short.snapshot())
    for (name, values) in states.0.integers {
      guard let other = states.1.integers[name], other.count == values.count else { return "\(name) has other numbers" }
      if let place = values.indices.first(where: { values[$0] != other[$0] }) {
        return "number \(place) of \(name), \(values[place]) and \(other[place])"
      }
    }
    for (name, values) in states.0.doubles {
      let bits = (values.map(\.bitPattern), (states.1.doubles[name] ?? []).map(\.bitPattern))
      guard bits.0 == bits.1 else { return "\(name) differs" }
    }
    guard states.0.integers.count == states.1.integers.count, states.0.doubles.count == states.1.doubles.count else {
      return "what is saved"
    }
    look(states.0)
    if exchanges {
      try general.restore(states.1)
      try short.restore(states.0)
    }
    return nil
  }

  private func look(_ state: StateRecord) {
    let numbers = state.integers["risk/numbers"] ?? []
    let count = numbers.count / general.laneCount
    for lane in 0..<general.laneCount {
      let own = numbers[lane * count..<(lane + 1) * count].map { $0 }
      if own[3] == Int64(RiskTier.halt.rawValue) || own[6] == 1 { seen.halted += 1 }
      if own[3] == Int64(RiskTier.reduce.rawValue) { seen.reduced += 1 }
      seen.killed += Int(own[4])
      if own[9] >= 0 { seen.paused += 1 }
      seen.shrunk += Int(own[55..<71].reduce(0, +))
      seen.drift += Int(own[71..<79].reduce(0, +))
      seen.exitsOverLimit += Int(own[87..<95].reduce(0, +))
    }
  }

  /// So many steps, with what was saved compared every `saves`, and every second time exchanged.
  func walk(steps: Int, seed: UInt64, saves: Int) throws -> String? {
    if let difference = reset(seed: seed) { return difference }
    for number in 0..<steps {
      if let difference = step(seed: seed, number: number) { return difference }
      guard number % saves == saves - 1 else { continue }
      if let difference = drain() { return "at step \(number): \(difference)" }
      if let difference = try save(exchanges: number / saves % 2 == 1) { return "at step \(number): \(difference)" }
    }
    return nil
  }
}
