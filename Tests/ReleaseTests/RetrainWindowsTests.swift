// Windows of a retraining: apart by what reaches over a boundary, and nothing judged where it was chosen.

import Evaluation
import Market
import TestSupport
import Testing
import Training

@testable import Release

@Suite struct RetrainWindowsTests {
  private func sessions(_ from: String, _ until: String) throws -> [CalendarDate] {
    TradingCalendar.xnys.sessions(in: try #require(CalendarDate(from))...(try #require(CalendarDate(until))))
  }

  private func place(_ date: CalendarDate, in sessions: [CalendarDate]) throws -> Int {
    try #require(sessions.firstIndex(of: date))
  }

  @Test(arguments: WalkForward.Kind.allCases) func windowsLieApart(_ kind: WalkForward.Kind) throws {
    let sessions = try sessions("2014-01-02", "2018-12-31")
    let lengths = RetrainWindows.Lengths(kind: kind, training: 400, selection: 60, report: 90, purge: 110)
    #expect(lengths.gap == 111 && lengths.fewestSessions == 772)
    let walk = try RetrainWindows.walk(lengths, sessions: sessions)
    #expect(walk.count == (sessions.count - 772) / 90 + 1 && walk.count > 4)
    for (step, windows) in walk.enumerated() {
      let training = try (
        place(windows.training.dates.lowerBound, in: sessions), place(windows.training.dates.upperBound, in: sessions)
      )
      let selection = try (
        place(windows.selection.dates.lowerBound, in: sessions), place(windows.selection.dates.upperBound, in: sessions)
      )
      let report = try (
        place(windows.report.dates.lowerBound, in: sessions), place(windows.report.dates.upperBound, in: sessions)
      )
      #expect(selection.0 - training.1 == 112 && report.0 - selection.1 == 112)
      #expect(report.0 == 682 + 90 * step && report.1 == report.0 + 89 && windows.report.sessions == 90)
      #expect(windows.selection.sessions == 60 && training.0 == (kind == .rolling ? 90 * step : 0))
      #expect(windows.training.sessions == 400 + (kind == .rolling ? 0 : 90 * step))
      var split = RunConfiguration(families: .product).split
      windows.apply(to: &split)
      #expect(split.trainingUntil < split.selectionFrom && split.selectionUntil < split.heldOutFrom)
    }
    // Reports follow each other without a gap and without a session twice.
    for (one, next) in zip(walk, walk.dropFirst()) {
      #expect(
        try place(next.report.dates.lowerBound, in: sessions) == place(one.report.dates.upperBound, in: sessions) + 1)
    }
  }

  @Test func theLatestReportEndsWithTheData() throws {
    let sessions = try sessions("2014-01-02", "2018-12-31")
    for kind in WalkForward.Kind.allCases {
      let lengths = RetrainWindows.Lengths(kind: kind, training: 400, selection: 60, report: 90, purge: 110)
      let windows = try RetrainWindows.latest(lengths, sessions: sessions)
      #expect(windows.report.dates.upperBound == sessions.last && windows.report.sessions == 90)
      #expect(windows.training.sessions == (kind == .rolling ? 400 : 400 + sessions.count - 772))
      let exact = try RetrainWindows.latest(lengths, sessions: Array(sessions.prefix(772)))
      #expect(exact.training.dates.lowerBound == sessions[0] && exact.report.dates.upperBound == sessions[771])
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let sessions = try sessions("2014-01-02", "2014-12-31")
    let lengths = RetrainWindows.Lengths(kind: .rolling, training: 100, selection: 60, report: 60, purge: 20)
    for (change, words) in [
      ({ $0.training = 200 }, "the data hold 252 sessions, but training, selection and report need 362"),
      ({ $0.report = 0 }, "the report window holds 0 sessions"), ({ $0.purge = -1 }, "a purge of -1"),
    ] as [((inout RetrainWindows.Lengths) -> Void, String)] {
      var wrong = lengths
      change(&wrong)
      do {
        _ = try RetrainWindows.walk(wrong, sessions: sessions)
        Issue.record("\(words): taken")
      } catch {
        #expect(error.description.contains(words), "\(error)")
      }
    }
  }

  /// What chose cannot report.
  @Test func aReportThatAChoiceHasSeenIsRefused() throws {
    let sessions = try sessions("2014-01-02", "2016-12-30")
    let windows = try RetrainWindows.latest(
      .init(kind: .rolling, training: 300, selection: 60, report: 60, purge: 20), sessions: sessions)
    try windows.report.requireUnseen(by: [.init(name: "a", until: windows.selection.dates.upperBound)])
    do {
      try windows.report.requireUnseen(by: [
        .init(name: "a", until: windows.selection.dates.upperBound),
        .init(name: "b", until: windows.report.dates.lowerBound),
      ])
      Issue.record("it was taken")
    } catch {
      #expect(error.description.contains("b was trained or chosen until") && error.exitCode == 2)
    }
  }
}
