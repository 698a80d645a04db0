// A column that never changed while it was learned, from outside: every program names it.

import Inference
import Market
import Storage
import TestSupport
import Testing
import Text

@Suite struct OutsideTrainingTests {
  /// A made-up market with a column that is 1 before a date and `later` from it on, as `market.h5`; one trained run of it.
  private func place(later: String, from date: String = "2004-01-01", settings: [String] = []) throws -> Workplace {
    let place = try Workplace()
    let series = SyntheticTape.series(bars: 1000, seed: 1)[0]
    let lines = BarFile.plain(series).split(separator: "\n")
    let rows = lines.dropFirst().map { "\($0),\($0.prefix(10) < date ? "1.0" : later)\n" }
    try place.folder.write("\(lines[0]),signal\n" + rows.joined(), to: "a.csv")
    try place.succeed(["import", "AAA=a.csv", "--extra-columns", "signal", "--output", "market.h5"])
    try place.folder.write(Workplace.market, to: "run.yaml")
    let sets = ["environment.extra_columns=[signal]", "run.total_timesteps=2048"]
    let trained = try place.succeed(
      ["train", "--config", "run.yaml", "--run", "run"] + (sets + settings).flatMap { ["--set", $0] })
    #expect(trained.output.contains("warning: constant in training: "), "\(trained.output)")
    #expect(trained.lines.contains { $0.contains("AAA.signal (") }, "\(trained.output)")
    return place
  }

  @Test func aConstantColumnIsNamedByEveryProgram() throws {
    let place = try place(later: "1.001")
    let evaluated = try place.succeed(
      ["evaluate", "run", "--json", "--write-observations", "seen.jsonl"])
    let report = try JSON.parse(evaluated.output)
    let columns = try #require(report["outside_training"]?.arrayValue)
    let signal = try #require(columns.first { $0["column"]?.stringValue == "AAA.signal" })
    #expect(
      signal["constant_in_training"]?.boolValue == true && signal["share_outside"]?.doubleValue == 1, "\(signal.text)")
    let notes = try #require(report["notes"]?.arrayValue).compactMap(\.stringValue)
    #expect(notes.contains { $0.hasPrefix("Constant while it was learned, but not here: AAA.signal (") }, "\(notes)")
    // The report for people says the same.
    #expect(try place.folder.read(place.file("run", "report.md")).contains("Constant while it was learned"))

    let exported = try place.succeed(["export", "run"])
    #expect(exported.lines.contains { $0.hasPrefix("warning: constant in training: ") && $0.contains("AAA.signal (") })
    let served = try place.serve(
      "once", "--policy", place.file("run", "policy.safetensors"), input: place.folder.read("seen.jsonl"))
    #expect(served.exitCode == 0 && !served.lines.isEmpty, "\(served)")
    for line in served.lines {
      let names = try #require(JSON.parse(line)["outside_training"]?.arrayValue)
      #expect(names.contains { $0.stringValue == "AAA.signal" }, "\(line)")
    }
    let described = try place.succeed(["inspect", place.file("run", "policy.safetensors")])
    #expect(described.output.contains("AAA.signal") && described.output.contains("in training"))
  }

  /// Far away it is cut to the bound of scaling, in every step of the window.
  @Test func aColumnAtTheBoundIsNamedWithItsShare() throws {
    let place = try place(later: "2.0")
    let report = try JSON.parse(place.succeed(["evaluate", "run", "--json"]).output)
    let columns = try #require(report["outside_training"]?.arrayValue)
    let signal = try #require(columns.first { $0["column"]?.stringValue == "AAA.signal" })
    #expect(signal["share_at_bound"]?.doubleValue == 1 && signal["share_outside"]?.doubleValue == 1, "\(signal.text)")
    let notes = try #require(report["notes"]?.arrayValue).compactMap(\.stringValue)
    #expect(
      notes.contains { $0.hasPrefix("Cut to the bound of scaling: AAA.signal in 100.0 % of the steps") }, "\(notes)")
  }

  /// Without scaling, and where the window is as constant as the training, it is named and nothing else is said of it.
  @Test func aColumnThatStaysConstantIsNoMismatch() throws {
    let place = try place(later: "1.0", settings: ["algorithm.normalize_observations=false"])
    let report = try JSON.parse(place.succeed(["evaluate", "run", "--json"]).output)
    let columns = try #require(report["outside_training"]?.arrayValue)
    let signal = try #require(columns.first { $0["column"]?.stringValue == "AAA.signal" })
    #expect(
      signal["constant_in_training"]?.boolValue == true && signal["share_outside"]?.doubleValue == 0, "\(signal.text)")
    let notes = try #require(report["notes"]?.arrayValue).compactMap(\.stringValue)
    #expect(
      notes.contains { $0.hasPrefix("Constant in training and here: ") && $0.contains("AAA.signal (") }, "\(notes)")
  }
}
