// Bars begin when they did, whatever zone the machine believes to be in.

import Market
import TestSupport
import Testing

@Suite struct MachineZoneTests {
  private static func stamp(_ start: Instant) -> String {
    let clock = WallClock.newYork.reading(at: start)
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
    return clock.map { "\($0.date) \(two($0.minuteOfDay / 60)):\(two($0.minuteOfDay % 60)):00" } ?? "?"
  }

  /// Sessions on both sides of a change of the clocks, in New York's time without an offset: the output is the same everywhere.
  @Test(arguments: [
    ("2024-03-08", "2024-03-08T14:30:00Z = 2024-03-08 09:30", "2024-03-11T19:59:00Z = 2024-03-11 15:59"),
    ("2024-11-01", "2024-11-01T13:30:00Z = 2024-11-01 09:30", "2024-11-04T20:59:00Z = 2024-11-04 15:59"),
  ])
  func theZoneOfTheMachineIsNotAsked(from: String, opening: String, close: String) throws {
    let place = try Workplace()
    let first = try #require(CalendarDate(from))
    let series = SyntheticTape.minutes(symbols: ["SPY"], sessions: 2, from: first, seed: 3)[0]
    let rows = (0..<series.count).map { row in
      let prices = [series.open[row], series.high[row], series.low[row], series.close[row]].map { "\($0)" }
      return "\(Self.stamp(series.starts[row])),\(prices.joined(separator: ",")),\(Int(series.volume[row]))\n"
    }
    try place.folder.write("timestamp,open,high,low,close,volume\n" + rows.joined(), to: "spy.csv")
    var outputs: Set<String> = []
    for zone in ["UTC", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe"] {
      let outcome = try Program.strikeforge.run(
        ["import", "SPY=spy.csv", "--zone", "new-york", "--stamp", "start", "--dry-run"], in: place.folder.path,
        environment: ["TZ": zone])
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
      outputs.insert(outcome.output)
    }
    let output = try #require(outputs.first)
    #expect(outputs.count == 1 && output.contains(opening) && output.contains(close), "\(outputs)")
  }
}
