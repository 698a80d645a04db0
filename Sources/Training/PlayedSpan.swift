// A run's world on one span of any store, where nothing is trained.

private import Configuration
package import Environments
package import Market

/// One span of dates of one store on which a game is played, as a run's world.
package struct PlayedSpan: Sendable {
  package let factory: EnvironmentFactory
  /// What was asked for.
  package let from: CalendarDate
  package let until: CalendarDate
  /// The first and the last session in which is played.
  package let firstSession: CalendarDate
  package let lastSession: CalendarDate
  /// Bars that are played.
  package let barCount: Int
  /// Whether those are minutes of regular sessions.
  package let isOfMinutes: Bool

  /// How orders are filled.
  package enum Execution: String, Sendable, CaseIterable {
    /// By the game's own rules, with every cost.
    case on
    /// Without spread, impact and fees, which nobody gets: a diagnosis.
    case ideal
  }

  /// The window of the factory that is played.
  package static let window = Window.heldOut

  /// Loads the store. rearms: whether a latched kill switch is re-armed with the next session. Throws where the store holds nothing of the span, or less than two bars of it.
  package init(
    _ configuration: RunConfiguration, store: String, from: CalendarDate, until: CalendarDate,
    execution: Execution = .on, rearms: Bool = false
  ) throws(TrainingError) {
    guard case .bars(let bars) = configuration.environment.play else {
      throw .refused(
        "\(configuration.environment.name) is a game of random numbers and has no dates; `strikeforge evaluate` plays fresh ones of it"
      )
    }
    guard from <= until else { throw .configuration(.conflict("--from is \(from), after --to, \(until); swap them")) }
    var played = configuration
    played.world.store = store
    // What a run asks of its own data says nothing of others'.
    played.world.dataSource = ""
    // Nothing is seen of the bars before, so that none need be left out.
    if bars.featureBars == 0 { played.world.lookbackWindow = 0 }
    played.split.trainingSessions = 0
    (played.split.trainingFrom, played.split.trainingUntil) = (from, until)
    (played.split.selectionFrom, played.split.selectionUntil) = (from, until)
    (played.split.heldOutFrom, played.split.heldOutUntil) = (from, until)
    // Where trading costs nothing already there is nothing to leave out.
    if execution == .ideal { played.game = bars.costlier(played.game, 0) ?? played.game }
    if rearms {
      guard let rearmed = bars.rearmed else {
        throw .refused(
          "--rearm is for games whose desk has a kill switch, which \(configuration.environment.name) has not; leave it out"
        )
      }
      played.game = rearmed(played.game)
    }
    factory = try EnvironmentFactory(played, trains: false)
    (self.from, self.until) = (from, until)
    guard let tape = factory.market?.tape else { preconditionFailure("no market") }
    let window = factory.bars(of: PlayedSpan.window, in: tape)
    guard window.count >= 2 else {
      let held = tape.dates.first.map { "from \($0) to \(tape.dates[tape.barCount - 1])" } ?? "nowhere"
      throw .configuration(
        .conflict(
          "\(store) holds \(window.isEmpty ? "no bar" : "one bar") of \(tape.symbols.joined(separator: ", ")) from \(from) to \(until) to play in: it has them "
            + "\(held), of which the first \(played.world.lookbackWindow) bars are history; ask for other dates, or import more"
        ))
    }
    (firstSession, lastSession) = (tape.dates[window.lowerBound], tape.dates[window.upperBound - 1])
    (barCount, isOfMinutes) = (window.count, tape.width != .session)
  }

  /// What became of the dates that were asked for, in sentences: a start or an end on no session, and data that end earlier or begin later.
  package var notes: [String] {
    let calendar = TradingCalendar.xnys
    var notes: [String] = []
    if calendar.isSession(from) == false, calendar.nextSession(onOrAfter: from) == firstSession {
      notes.append("\(from) is no session of the exchange: the span begins with the next one, \(firstSession).")
    } else if from < firstSession, calendar.nextSession(onOrAfter: from) != firstSession {
      notes.append("The span was asked for from \(from) on, but the data let it begin on \(firstSession).")
    }
    if lastSession < until, (calendar.nextSession(onOrAfter: lastSession.advanced(by: 1)).map { $0 <= until } ?? false)
    {
      notes.append("The span was asked for up to \(until), but the data end on \(lastSession).")
    }
    return notes
  }
}
