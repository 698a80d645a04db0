// Which sessions teach, which choose and which judge: three types, so that none can be taken for another.

package import Evaluation
package import Market
private import Text
package import Training

/// Sessions that a policy learns from; its normaliser is fitted here and frozen for the others.
package struct TrainingWindow: Sendable, Equatable {
  package let dates: ClosedRange<CalendarDate>
  package let sessions: Int
}

/// Sessions on which the best checkpoint is chosen.
package struct SelectionWindow: Sendable, Equatable {
  package let dates: ClosedRange<CalendarDate>
  package let sessions: Int
}

/// Sessions that nothing was chosen on: the only ones that a gate judges. There is no other way to one than through `RetrainWindows`.
package struct ReportWindow: Sendable, Equatable {
  package let dates: ClosedRange<CalendarDate>
  package let sessions: Int

  fileprivate init(dates: ClosedRange<CalendarDate>, sessions: Int) {
    self.dates = dates
    self.sessions = sessions
  }

  /// Something that was trained or chosen until a day, the day among them.
  package struct Seen: Sendable, Equatable {
    package var name: String
    package var until: CalendarDate

    package init(name: String, until: CalendarDate) {
      self.name = name
      self.until = until
    }
  }

  /// Refuses where anything that is to be judged here was trained or chosen on one of its sessions.
  package func requireUnseen(by candidates: [Seen]) throws(TrainingError) {
    guard let first = candidates.first(where: { $0.until >= dates.lowerBound }) else { return }
    throw .refused(
      "\(PrintableText.name(first.name)) was trained or chosen until \(first.until), but is to be judged from \(dates.lowerBound) on: what chose "
        + "cannot report; begin the report window behind \(first.until)")
  }
}

/// One step of a walk through a calendar: training, a gap, selection, a gap, report.
package struct RetrainWindows: Sendable, Equatable {
  /// How long each is, in sessions.
  package struct Lengths: Sendable, Equatable {
    package var kind: WalkForward.Kind
    /// Of the first training; of every one where it rolls.
    package var training: Int
    package var selection: Int
    package var report: Int
    /// What lies between two windows: how far features and positions reach (`EnvironmentFactory.reachInSessions`) ...
    package var purge: Int
    /// ... and further sessions behind that.
    package var embargo: Int

    package init(kind: WalkForward.Kind, training: Int, selection: Int, report: Int, purge: Int, embargo: Int = 1) {
      self.kind = kind
      self.training = training
      self.selection = selection
      self.report = report
      self.purge = purge
      self.embargo = embargo
    }

    package var gap: Int { purge + embargo }
    /// Sessions that one step needs.
    package var fewestSessions: Int { training + gap + selection + gap + report }
  }

  package let training: TrainingWindow
  package let selection: SelectionWindow
  package let report: ReportWindow

  /// Every step of a walk over these sessions, in the order of time. Throws where they are too few for one.
  package static func walk(_ lengths: Lengths, sessions: [CalendarDate]) throws(TrainingError) -> [RetrainWindows] {
    for (name, length) in [
      ("training", lengths.training), ("selection", lengths.selection), ("report", lengths.report),
    ] where length < 1 {
      throw .refused("the \(name) window holds \(length) sessions; give it at least one")
    }
    guard lengths.purge >= 0, lengths.embargo >= 0 else {
      throw .refused(
        "a purge of \(lengths.purge) and an embargo of \(lengths.embargo) sessions; neither may be below 0")
    }
    guard sessions.count >= lengths.fewestSessions else {
      throw .refused(
        "the data hold \(sessions.count) sessions, but training, selection and report need \(lengths.fewestSessions): "
          + "\(lengths.training), \(lengths.selection) and \(lengths.report), and twice \(lengths.gap) between them; take shorter windows or "
          + "shorter episodes, or import more bars")
    }
    let walk = WalkForward(
      kind: lengths.kind, training: lengths.training + lengths.gap + lengths.selection, test: lengths.report,
      purge: lengths.purge, embargo: lengths.embargo)
    return walk.folds(sessions: sessions.count).map { RetrainWindows($0, lengths, sessions) }
  }

  /// The step whose report ends with the last session: that of this weekend. Throws where the sessions are too few.
  package static func latest(_ lengths: Lengths, sessions: [CalendarDate]) throws(TrainingError) -> RetrainWindows {
    var last = lengths
    // As much more in front as there is: what rolls leaves it out again.
    last.training += max(0, sessions.count - lengths.fewestSessions)
    guard let windows = try walk(last, sessions: sessions).last else { throw .refused("there is no window") }
    guard lengths.kind == .rolling else { return windows }
    let surplus = last.training - lengths.training
    return try walk(lengths, sessions: Array(sessions.dropFirst(surplus))).last ?? windows
  }

  private init(_ fold: WalkForward.Fold, _ lengths: Lengths, _ sessions: [CalendarDate]) {
    func dates(_ range: Range<Int>) -> ClosedRange<CalendarDate> {
      sessions[range.lowerBound]...sessions[range.upperBound - 1]
    }
    let selection = (fold.training.upperBound - lengths.selection)..<fold.training.upperBound
    let training = fold.training.lowerBound..<(selection.lowerBound - lengths.gap)
    self.training = TrainingWindow(dates: dates(training), sessions: training.count)
    self.selection = SelectionWindow(dates: dates(selection), sessions: selection.count)
    report = ReportWindow(dates: dates(fold.test), sessions: fold.test.count)
  }

  /// Tells a run of them.
  package func apply(to split: inout RunConfiguration.Split) {
    (split.trainingFrom, split.trainingUntil) = (training.dates.lowerBound, training.dates.upperBound)
    split.trainingSessions = 0
    (split.selectionFrom, split.selectionUntil) = (selection.dates.lowerBound, selection.dates.upperBound)
    (split.heldOutFrom, split.heldOutUntil) = (report.dates.lowerBound, report.dates.upperBound)
  }
}
