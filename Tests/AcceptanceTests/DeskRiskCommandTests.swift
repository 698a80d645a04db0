// A day under limits from outside: selection, sizes, exits and a restart in one script, and a kill switch that is opened by hand.

import TestSupport
import Testing

@Suite struct DeskRiskCommandTests {
  private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  private static let day = root + "/scripts/examples/desk-risk-day.jsonl"

  private func words(_ text: String) -> String {
    text.split(whereSeparator: { $0 == " " || $0 == "\n" }).joined(separator: " ")
  }

  @Test func `a day plays with limits and exits on, and its page is readable at 80 columns`() throws {
    let place = try Workplace()
    let output = try place.succeed([
      "desk", Self.day, "--risk", "--risk-journal", "risk.json", "--exit-journal", "exits.json",
    ]).output
    let text = words(output)
    #expect(text.contains("14:50 1 selects SPY251211C00601000, delta 0.3"), "\(output)")
    #expect(text.contains("; size 1 by theta"), "\(output)")
    #expect(text.contains("14:50 2 refused: theta is"), "\(output)")
    #expect(text.contains("3 reduced to"), "\(output)")
    #expect(text.contains("15:00 restarted: orders work on, plans and limits are read back"), "\(output)")
    #expect(text.contains("1 profit target: closes 1 of 1"), "\(output)")
    #expect(text.contains("4 refused:"), "\(output)")
    #expect(text.contains("closes order 3: it expires with the session"), "\(output)")
    #expect(text.contains("identity: cash + marks = start + sum of steps, to the micro-dollar"))
    #expect(!text.contains("VIOLATIONS"))
    // All but a path that is longer than a line.
    #expect(output.split(separator: "\n").filter { !$0.contains("/scripts/") }.allSatisfy { $0.count <= 80 })
    // What a restart reads is on the disk.
    #expect(try place.folder.read("exits.json").contains("\"version\""))
    #expect(try place.folder.read("risk.json").contains("\"armed\""))
  }

  @Test func `a restart without journals is refused before anything is played`() throws {
    let place = try Workplace()
    for (flags, words) in [
      (["--risk", "--risk-journal", "risk.json"], "give --exit-journal FILE"),
      (["--risk", "--exit-journal", "exits.json"], "give --risk-journal FILE"),
    ] {
      let outcome = try place.strikeforge(["desk", Self.day] + flags)
      #expect(outcome.exitCode == 1 && outcome.output.isEmpty && outcome.errors.contains(words), "\(outcome.errors)")
    }
  }

  @Test func `a kill switch is opened by hand, with a reason, and only where it is latched`() throws {
    let place = try Workplace()
    func journal(_ latch: String) throws {
      try place.folder.write(
        """
        {"dailyLossReached": false, "highMicroDollars": 100000000000, "killSwitch": "\(latch)", "rejectStorm": false,
         "session": "2025-12-10", "sessionStartMicroDollars": 95000000000, "sessionTier": 0}
        """, to: "risk.json")
    }
    try journal("latched")
    let missing = try place.strikeforge(["rearm", "risk.json"])
    #expect(missing.exitCode == 64 && missing.errors.contains("--reason is missing"), "\(missing.errors)")
    let output = try place.succeed(["rearm", "risk.json", "--reason", "a bad tick; the feed is mended"]).output
    #expect(output.contains("risk.json: the kill switch is armed again"))
    let text = try place.folder.read("risk.json")
    #expect(text.contains("\"armed\"") && text.contains("a bad tick; the feed is mended"))
    let again = try place.strikeforge(["rearm", "risk.json", "--reason", "once more"])
    #expect(again.exitCode == 1 && again.errors.contains("is not latched"), "\(again.errors)")
    #expect(try place.folder.read("risk.json") == text)
    let none = try place.strikeforge(["rearm", "none.json", "--reason", "why not"])
    #expect(none.exitCode == 1 && none.errors.contains("none.json is not there"), "\(none.errors)")
  }
}
