// The risk journal on a disk: what a process leaves for the next one, and what refuses trading.

import Market
import TestSupport
import Testing
import Trading
import Workstation

@Suite struct RiskJournalTests {
  private func record(killed: Bool) throws -> RiskRecord {
    var state = RiskState()
    state.high = 100_000_000_000
    state.sessionStart = 95_000_000_000
    state.isKilled = killed
    return RiskRecord(of: state, session: try #require(CalendarDate("2025-03-03")))
  }

  @Test func `a latch that one process wrote is what the next one reads`() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("risk.json")
    let first = try RiskJournal.open(path)
    #expect(first.record == nil)
    let latched = try record(killed: true)
    try first.journal.write(latched)
    let second = try RiskJournal.open(path)
    #expect(second.record == latched)
  }

  @Test func `a file that is none refuses trading, and stays as it is`() throws {
    let folder = try TemporaryFolder()
    for text in ["", "{}", "{\"killSwitch\": \"armed\"}", "rubbish"] {
      try folder.write(text, to: "risk.json")
      #expect(throws: RiskError.self) { try RiskJournal.open(folder.place("risk.json")) }
      #expect(try folder.read("risk.json") == text)
    }
  }

  @Test func `a place that cannot be written refuses trading, with the reason`() throws {
    let folder = try TemporaryFolder()
    let (journal, _) = try RiskJournal.open(folder.place("none/risk.json"))
    let record = try record(killed: false)
    do {
      try journal.write(record)
      Issue.record("a journal in no folder was written")
    } catch {
      #expect("\(error)".hasPrefix("trading is refused: the risk journal must be kept over restarts, and "))
      #expect("\(error)".contains("none"))
    }
    // A folder of that name is no journal.
    #expect(throws: RiskError.self) { try RiskJournal.open(folder.path) }
  }
}
