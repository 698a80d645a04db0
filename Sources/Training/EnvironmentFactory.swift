// Makes the environments of a run: the training lanes, and the windows that only look.

package import AgentInterface
private import Configuration
package import Environments
private import Evaluation
package import Market
private import Storage

/// The three windows of a run's split, in the order of time; they never overlap.
package enum Window: String, Sendable, CaseIterable {
  case training, selection
  case heldOut = "held-out"
}

/// The data of a run as it was admitted by the quality gate.
package struct AdmittedMarket: Sendable {
  package let tape: MarketTape
  package let contentHash: String
  package let qualityReport: QualityReport
  /// What the adjustment factors of the symbols hold, in the tape's order.
  package let distributions: [Distributions]
  /// The indices of the store, which nobody trades.
  package let indices: [BarSeries]
  /// Computed once, read by every environment that the run makes.
  let prepared: any Sendable
  /// Where the quotes of options come from, and what they lack.
  package internal(set) var optionNotes: [String] = []
  /// Of each symbol whose quotes are made of an index: what was known evening by evening, and by which law they are made.
  package internal(set) var surfaces: [(history: SurfaceHistory, law: SurfaceLaw)] = []
}

extension AdmittedMarket {
  /// What must be known of bars that are no daily ones of a market, in sentences.
  fileprivate var notes: [String] {
    var notes = optionNotes
    if tape.width == .minute, tape.options == nil {
      notes.append(
        "bars of minutes: a position is carried over night, and an episode may begin and end within a session")
    }
    for (symbol, count) in zip(tape.symbols, tape.leftOut) where count > 0 {
      notes.append(
        "\(count) \(count == 1 ? "minute" : "minutes") of \(symbol) left out: another symbol has none at that time")
    }
    if !tape.syntheticSymbols.isEmpty { notes.append(EvaluationContext.syntheticSentence(tape.syntheticSymbols)) }
    return notes
  }
}

/// Makes environments for one configuration. Loading it is what admits the data: no store without a passing gate record for exactly its
/// content gets past it.
package struct EnvironmentFactory: Sendable {
  package let configuration: RunConfiguration
  /// Nil for games, which need no data.
  package let market: AdmittedMarket?
  /// What the environments show and let choose.
  package let spaces: EnvironmentSpaces

  let play: EnvironmentFamily.Play

  /// Loads and checks what the environments need. Throws a refusal where the gate, the split or the spaces say no. trains: without, windows may overlap, and one
  /// may be as short as it likes. moves: how many times as large the moves of prices are as the store has them.
  package init(_ configuration: RunConfiguration, trains: Bool = true, moves: Double = 1) throws(TrainingError) {
    self.configuration = configuration
    play = configuration.environment.play
    switch play {
    case .game(let game):
      market = nil
      spaces = game.spaces(configuration.game)
      try checkSpaces()
    case .bars(let bars):
      let market = try EnvironmentFactory.admit(configuration, bars, moves)
      self.market = market
      spaces = bars.spaces(configuration.game, market.tape)
      if trains { try checkSplit() }
      try checkSpaces()
    }
  }

  /// Training lanes: many, with random starts inside the training window where there is one.
  package func trainingLanes(count: Int) throws(TrainingError) -> any VectorEnvironment {
    guard case .bars(let bars) = play, let market else { return game(laneCount: count) }
    do {
      return try bars.lanes(
        configuration.game, market.tape, market.prepared, self.bars(of: .training, in: market.tape), count,
        configuration.world.episodeLength)
    } catch {
      throw .environment(error)
    }
  }

  /// Lanes that each walk a whole window once, recording what they do. Traps for games, which have no windows.
  package func walk(_ window: Window, laneCount: Int = 1) throws(TrainingError) -> any TradingEnvironment {
    guard case .bars(let bars) = play, let market else {
      preconditionFailure("\(configuration.environment.name) has no windows")
    }
    do {
      return try bars.walk(
        configuration.game, market.tape, market.prepared, self.bars(of: window, in: market.tape), laneCount)
    } catch {
      throw .environment(error)
    }
  }

  /// The games whose rules must be beaten beside its own, each with how it is played and a walk of the same bars. Traps for games, which have no windows.
  package func companionWalks(_ bars: Range<Int>) throws(TrainingError) -> [(
    play: SessionPlay, environment: any TradingEnvironment
  )] {
    guard case .bars(let play) = play, let market else {
      preconditionFailure("\(configuration.environment.name) has no windows")
    }
    var walks: [(play: SessionPlay, environment: any TradingEnvironment)] = []
    for companion in play.companions?(configuration.game) ?? [] {
      do {
        walks.append((companion.play, try companion.walk(market.tape, window: bars)))
      } catch {
        throw .environment(error)
      }
    }
    return walks
  }

  /// Lanes of a game. Traps for others.
  package func game(laneCount: Int) -> any GameEnvironment {
    guard case .game(let game) = play else { preconditionFailure("\(configuration.environment.name) is not a game") }
    return game.lanes(configuration.game, laneCount)
  }

  /// The most steps of a training episode.
  package var episodeLength: Int {
    configuration.environment.hasWindows ? configuration.world.episodeLength : game(laneCount: 1).episodeLength
  }

  /// Sessions by which what a decision has seen and what follows from it may reach over the end of a window: as far back as features look, and as long as a
  /// position of a training episode may live. 0 for games.
  package var reachInSessions: Int {
    guard case .bars(let bars) = play, let market else { return 0 }
    let reach = max(bars.featureBars, configuration.world.lookbackWindow) + configuration.world.episodeLength
    guard market.tape.width == .minute else { return reach }
    // So many minutes may begin and end in the middle of sessions, the shortest of the tape among them.
    let shortest = market.tape.sessions.reduce(Int.max) { min($0, $1.count) }
    return min(reach, reach / max(shortest, 1) + 2)
  }

  /// The rules of fills, costs and limits in words; none for games.
  package var rules: [RuleLine] {
    guard case .bars(let bars) = play, let market else { return [] }
    return bars.rules(configuration.game, ReportText.shortest, market.tape.width)
  }

  /// What a learner must know of the configuration before it starts, in sentences.
  package var notes: [String] {
    guard case .bars(let bars) = play, let market else { return [] }
    return bars.notes(configuration.game) + market.notes + listingNotes(market.tape)
  }

  /// The rules without learning that must be beaten.
  package var baselines: [Baseline] {
    guard case .bars(let bars) = play else { return [] }
    return bars.baselines
  }

  /// How rules and chance play a game of one symbol a session; nil for others.
  package var sessionPlay: SessionPlay? {
    guard case .bars(let bars) = play else { return nil }
    return bars.play
  }

  /// Minutes between two decisions, and the most decisions of an episode, where episodes are sessions; nil for others.
  package var sessionDecisions: (minutes: Int, most: Int)? {
    guard case .bars(let bars) = play, let market, let minutes = bars.decisionMinutes?(configuration.game) else {
      return nil
    }
    // The last minute's end decides nothing.
    let longest = market.tape.sessions.reduce(2) { max($0, $1.count) }
    return (minutes, (longest - 1 + minutes - 1) / minutes)
  }

  /// The bars of a window at which decisions may be made; the bars before it are warm-up.
  package func bars(of window: Window, in tape: MarketTape) -> Range<Int> {
    let (from, until) = dates(of: window)
    let first = max(tape.firstBar(onOrAfter: from), configuration.world.lookbackWindow)
    return first..<max(first, tape.firstBar(onOrAfter: until.advanced(by: 1)))
  }

  package func dates(of window: Window) -> (from: CalendarDate, until: CalendarDate) {
    let split = configuration.split
    return switch window {
    case .training: (configuration.split.trainingStart ?? split.trainingFrom, split.trainingUntil)
    case .selection: (split.selectionFrom, split.selectionUntil)
    case .heldOut: (split.heldOutFrom, split.heldOutUntil)
    }
  }

  private static func admit(
    _ configuration: RunConfiguration, _ bars: EnvironmentFamily.BarsPlay, _ moves: Double
  ) throws(TrainingError) -> AdmittedMarket {
    let world = configuration.world
    guard !world.store.isEmpty else {
      throw .configuration(
        .conflict("environment.store is not set; name the market store that `strikeforge import` wrote"))
    }
    let store: MarketStoreFile
    do {
      store = try MarketStoreFile(world.store)
      try store.requirePassingGate()
    } catch {
      throw .storage(error)
    }
    guard let report = store.qualityReport else {
      throw .refused("\(world.store) holds no record of the quality gate; import the data again")
    }
    if let needs = bars.options?(configuration.game) {
      return try admit(configuration, bars, needs, store, report, moves)
    }
    let choice = try MarketChoice(world, from: store)
    let read: [BarSeries]
    do {
      read = try store.series { choice.reads($0) }
    } catch {
      throw .storage(error)
    }
    // The record says what the gate found when the data was imported; a tape is made only of what it finds now.
    guard !read.isEmpty, QualityGate.examine(read, allowances: report.allowances).passed else {
      throw .refused(
        "\(world.store) has a passing record, but its bars do not pass the quality gate; import them again")
    }
    // Filled minutes are left out of a tape; a session that was filled in would be a day that nobody saw.
    if choice.width == .session, let one = read.first(where: { !$0.filledRows.isEmpty }) {
      throw .refused(
        "\(world.store) holds \(one.filledRows.count) bars of \(one.symbol) that were filled in, in which nobody may trade, and no "
          + "environment plays such bars; import it anew without --fill and with --replace")
    }
    let tape = try tape(
      choice, EnvironmentFactory.moved(read, by: moves),
      synthetic: store.provenance.syntheticSymbols(among: choice.traded))
    do {
      return AdmittedMarket(
        tape: tape, contentHash: store.contentHash, qualityReport: report,
        distributions: choice.traded.compactMap { symbol in
          read.first { $0.symbol == symbol && $0.width == choice.width }?.distributions
        },
        indices: read.filter { !$0.instrument.isTradable && $0.width == .session },
        prepared: try bars.prepare(configuration.game, tape))
    } catch {
      throw .environment(error)
    }
  }

  private static func admit(
    _ configuration: RunConfiguration, _ bars: EnvironmentFamily.BarsPlay, _ needs: OptionNeeds,
    _ store: MarketStoreFile, _ report: QualityReport, _ moves: Double
  ) throws(TrainingError) -> AdmittedMarket {
    let split = configuration.split
    let first = split.trainingStart ?? split.trainingFrom
    // Windows in another order are refused later, by name.
    let last = max(first, split.trainingUntil, split.selectionUntil, split.heldOutUntil)
    let choice = try OptionChoice(
      configuration.world, needs, dates: min(first, split.selectionFrom, split.heldOutFrom)...last, from: store,
      report: report, moves: moves)
    do {
      return AdmittedMarket(
        tape: choice.tape, contentHash: store.contentHash, qualityReport: report, distributions: choice.distributions,
        indices: choice.indices, prepared: try bars.prepare(configuration.game, choice.tape),
        optionNotes: choice.notes, surfaces: choice.surfaces)
    } catch {
      throw .environment(error)
    }
  }

  private func checkSplit() throws(TrainingError) {
    guard let market else { return }
    let split = configuration.split
    guard split.trainingSessions == 0 || split.trainingStart != nil else {
      throw .configuration(
        .conflict(
          "split.training_sessions asks for \(split.trainingSessions) sessions, but the exchange has fewer from "
            + "\(split.trainingFrom) to \(split.trainingUntil); ask for fewer, or change the dates of the section split"
        ))
    }
    let windows = Window.allCases.map { (window: $0, dates: dates(of: $0)) }
    for (window, dates) in windows where dates.from > dates.until {
      throw .configuration(
        .conflict(
          "the \(window.rawValue) window starts on \(dates.from) and ends before, on \(dates.until); change its dates in the "
            + "section split"))
    }
    for first in windows.indices {
      for second in windows.indices.dropFirst(first + 1)
      where windows[first].dates.from <= windows[second].dates.until
        && windows[second].dates.from <= windows[first].dates.until
      {
        throw .refused(
          "the \(windows[first].window.rawValue) and the \(windows[second].window.rawValue) windows overlap: what one "
            + "has seen proves nothing in the other; change the dates of the section split")
      }
    }
    // A window's first features are made of the bars before it: whoever comes later has seen who came before.
    for (earlier, later) in zip(windows, windows.dropFirst()) where later.dates.from < earlier.dates.from {
      throw .refused(
        "the \(later.window.rawValue) window lies before the \(earlier.window.rawValue) window, whose features look back "
          + "into it; change the dates of the section split so that training, selection and held-out follow each other")
    }
    try checkListings(market.tape)
    for (window, minimum) in [(Window.training, configuration.world.episodeLength + 1), (.selection, 2)] {
      let count = bars(of: window, in: market.tape).count
      guard count >= minimum else {
        throw .configuration(
          .conflict(
            "the \(window.rawValue) window holds \(count) bars of the data, which ends on "
              + "\(market.tape.dates.last?.description ?? "no date"), but \(minimum) are needed; change the dates of the "
              + "section split" + (window == .training ? " or lower environment.episode_length" : "")))
      }
    }
  }

  private func checkSpaces() throws(TrainingError) {
    let (world, name) = (configuration.world, configuration.environment.name)
    let (columns, actions) = (spaces.observations.count, spaces.actions.count)
    if world.observationDimension > 0, world.observationDimension != columns {
      throw .configuration(
        .conflict(
          "environment.observation_dim is \(world.observationDimension), but \(name) has \(columns) columns; correct it, or set 0"
        ))
    }
    if world.actionSpace > 0, world.actionSpace != actions {
      throw .configuration(
        .conflict(
          "environment.action_space is \(world.actionSpace), but \(name) has \(actions) \(spaces.actions.isFactored ? "choices" : "actions"); correct it, or set 0"
        ))
    }
  }
}

extension RunConfiguration.Split {
  /// The first of the last `training_sessions` sessions of the exchange in the training window; nil where there are not so many, or all are wanted.
  var trainingStart: CalendarDate? {
    let calendar = TradingCalendar.xnys
    let first = max(trainingFrom, calendar.supportedRange.lowerBound)
    let last = min(trainingUntil, calendar.supportedRange.upperBound)
    guard trainingSessions > 0, first <= last else { return nil }
    let sessions = calendar.sessions(in: first...last)
    return sessions.count >= trainingSessions ? sessions[sessions.count - trainingSessions] : nil
  }
}
