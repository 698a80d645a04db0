// strikeforge desk from outside: a day is played, wrong words and wrong lines are refused by name.

import TestSupport
import Testing

@Suite struct DeskCommandTests {
  private static let day = """
    {"session": "2025-12-11"}
    {"price": "SPY", "time": "10:00", "dollars": 600}
    {"quote": "SPY251211P00594000", "time": "10:00", "bid": 0.44, "ask": 0.46}
    {"order": 1, "time": "10:00", "opens": {"SPY251211P00594000": -1}}
    {"quote": "SPY251211P00594000", "time": "10:01", "bid": 0.44, "ask": 0.46}
    {"close": "SPY", "dollars": 590}
    {"session": "2025-12-12"}
    {"quote": "SPY", "time": "09:31", "bid": 585, "ask": 585.02}

    """

  private func place(_ text: String = day) throws -> (Workplace, String) {
    let place = try Workplace()
    try place.folder.write(text, to: "day.jsonl")
    return (place, place.folder.place("day.jsonl"))
  }

  @Test func `a day ends with books that balance, in 80 columns`() throws {
    let (place, path) = try place()
    let text = try place.succeed(["desk", path, "--fees", "ibkr"]).output
    #expect(text.contains("identity: cash + marks = start + sum of steps, to the micro-dollar"))
    // One contract at 0.44: the minimum of an order, and what clearing and regulators ask.
    #expect(text.contains("commission 1.00") && text.contains("clearing 0.025") && text.contains("0.02815"))
    let lines = text.split(separator: "\n").filter { !$0.contains("/") }
    #expect(lines.allSatisfy { $0.count <= 80 })
    let physical = try place.succeed(["desk", path, "--exercise", "physical", "--cash", "20000"]).output
    #expect(physical.contains("sells 100 SPY at the next quote") && physical.contains("sold 100 SPY at 585.00"))
  }

  @Test(arguments: [
    (["--fees", "free"], "--fees is free"),
    (["--exercise", "never"], "--exercise is never; it must be cash or physical"),
    (["--latency", "0"], "--latency"), (["--cash", "-1"], "--cash"), (["--rate", "nan"], "--rate is nan"),
    (["--leg-discount", "2"], "--leg-discount is 2"),
    (["--execution", "mid"], "--execution is mid; it must be realistic or ideal"),
    (["--bind", "nothing"], "--bind is nothing; it must be day-trades or settled-cash"),
  ])
  func `wrong words are wrong usage`(words: [String], sentence: String) throws {
    let (place, path) = try place()
    let outcome = try place.strikeforge(["desk", path] + words)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(sentence), "\(outcome.errors)")
  }

  @Test func `a wrong line is named, and nothing is played`() throws {
    let (place, path) = try place(Self.day + "{\"quote\": \"SPY\", \"time\": \"09:32\", \"bid\": -1, \"ask\": 2}\n")
    let outcome = try place.strikeforge(["desk", path])
    #expect(outcome.exitCode == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("line 9: 'bid' is -1; it must be a number from 0 to 100000"), "\(outcome.errors)")
  }
}
