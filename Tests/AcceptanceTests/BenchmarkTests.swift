// The benchmark from outside: it trains what `strikeforge train` trains, counts allocations, and refuses what got slower.

import TestSupport
import Testing
import Text

@Suite struct BenchmarkTests {
  /// The same configuration through both programs gives the same parameters, to the bit; nothing is left behind.
  @Test func trainsWhatStrikeforgeTrains() throws {
    let place = try Workplace()
    try place.importMarket()
    let trained = try place.train("reference", Workplace.market, "run.total_timesteps=2048")
    let outcome = try benchmark(
      place, "train", "--config", "run.yaml", "--set", "run.total_timesteps=2048", "--json", "result.json")
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    for word in ["steps/s", "sgemm, one thread", "GFLOP/s", "parameters"] {
      #expect(outcome.output.contains(word), "\(word)")
    }
    let result = try JSON.parse(place.folder.read("result.json"))
    let digest = try #require(trained.parameters)
    #expect(result["parameters"]?.stringValue == digest && outcome.output.contains(digest))
    #expect(try #require(result["steps_per_second"]?.doubleValue) > 0)
    #expect(!place.folder.names().contains { $0.hasPrefix(".benchmark") })
  }

  /// Steps and decisions ask for no memory; the counter sees the one allocation that is made on purpose.
  @Test func hotPathsAllocateNothing() throws {
    let place = try Workplace()
    let outcome = try benchmark(place, "--quick", "--subjects", "allocations", "--json", "-")
    try #require(outcome.exitCode == 0, "\(outcome)")
    let report = try JSON.parse(outcome.output)
    let counts = try metrics(report)
    #expect(counts["allocations_control"] == 1)
    let zeros = ["environment_step", "decision"].map { "allocations_" + $0 }
    for name in zeros { #expect(counts[name] == 0, "\(name)") }
    // Ours are none. Some of the matrix library's kernels (Cooperlake) ask for a buffer for each product with few columns: four slices of
    // lanes in a step of training, four products in each of sixteen minibatches.
    let isFused = report["machine"]?["learner_kernels"]?.stringValue?.contains("fused") == true
    #expect(try #require(counts["allocations_training_step"]) <= (isFused ? 0 : 5))
    #expect(try #require(counts["allocations_update"]) <= (isFused ? 0 : 80))
    ProofTable.record(
      "speed: allocations of a step, a decision", figure: "\(zeros.compactMap { counts[$0] }.max() ?? .nan)",
      threshold: "0", seeds: "0", holds: zeros.allSatisfy { counts[$0] == 0 })
  }

  /// Reports that differ in one number, both ways.
  @Test func comparesWithABaseline() throws {
    let place = try Workplace()
    try #require(
      try benchmark(place, "--quick", "--subjects", "decision,allocations", "--json", "now.json").exitCode == 0)
    let now = try JSON.parse(place.folder.read("now.json"))
    func compare(_ arguments: String..., changing change: (String, Double) -> Double) throws -> ProgramOutcome {
      try place.folder.write(doctored(now, change).prettyText, to: "baseline.json")
      return try benchmark(place, ["compare", "baseline.json", "--with", "now.json"] + arguments)
    }
    let latency = "decision_p50_microseconds"
    let sgemm = "sgemm_peak_gflop_per_second"

    #expect(try compare { $1 }.exitCode == 0)
    let slower = try compare { $0 == latency ? $1 / 2 : $1 }
    #expect(slower.exitCode == 2)
    let (before, after) = (try #require(metrics(now)[latency]) / 2, try #require(metrics(now)[latency]))
    for word in [latency, "baseline.json", "\(Int(before))", "\(Int(after))"] {
      #expect(slower.errors.contains(word), "\(word) in \(slower.errors)")
    }
    #expect(try compare { $0 == latency ? $1 * 2 : $1 }.exitCode == 0)
    // Twice as slow on a machine that is half as fast today is no regression; on one that is as fast as then it is.
    #expect(try compare { $0 == sgemm ? $1 * 2 : $0.hasPrefix("decision") ? $1 / 2 : $1 }.exitCode == 0)
    #expect(try compare { $0 == sgemm ? $1 / 2 : $1 }.exitCode == 2)
    // Within the limit, and just beyond a tighter one.
    #expect(try compare { $0 == latency ? $1 / 1.1 : $1 }.exitCode == 0)
    #expect(try compare("--threshold", "5") { $0 == latency ? $1 / 1.1 : $1 }.exitCode == 2)
    // One allocation more is one too many.
    let allocates = try compare { $0 == "allocations_update" ? $1 - 1 : $1 }
    #expect(allocates.exitCode == 2 && allocates.errors.contains("allocations_update"))
    // Measured anew, against a baseline that anything beats, and against one that nothing does.
    try place.folder.write(doctored(now) { $0.hasPrefix("decision") ? $1 * 100 : $1 }.prettyText, to: "slow.json")
    #expect(try benchmark(place, "compare", "slow.json", "--quick").exitCode == 0)
    try place.folder.write(doctored(now) { $0.hasPrefix("decision") ? $1 / 100 : $1 }.prettyText, to: "fast.json")
    #expect(try benchmark(place, "compare", "fast.json", "--quick").exitCode == 2)
  }

  @Test func refusesWhatCannotBeCompared() throws {
    let place = try Workplace()
    try #require(try benchmark(place, "--quick", "--subjects", "sgemm", "--json", "now.json").exitCode == 0)
    let now = try place.folder.read("now.json")
    let processor = try #require(JSON.parse(now)["machine"]?["processor"]?.stringValue)
    try place.folder.write(now.replacing(processor, with: "another"), to: "other.json")
    let other = try benchmark(place, "compare", "other.json", "--with", "now.json")
    #expect(other.exitCode == 1 && other.errors.contains("another") && other.errors.contains("other.json"))
    try place.folder.write("{}", to: "empty.json")
    #expect(try benchmark(place, "compare", "empty.json", "--with", "now.json").exitCode == 1)
    #expect(try benchmark(place, "compare", "absent.json").exitCode == 1)
    let usage: [[String]] = [
      ["compare"], ["compare", "now.json", "--threshold", "0"], ["compare", "now.json", "--treshold", "5"],
      ["compare", "now.json", "--with", "now.json", "--quick"], ["train"], ["train", "--config"], ["market"],
      ["--subjects", "trainning"], ["measure"], ["peers", "--shapes", "lstm46"], ["peers", "--peers", "jacks"],
      ["solve", "--worlds", "leek"], ["solve", "--programs", "jacks"], ["solve", "--seeds", "2"], ["solve", "leak"],
      ["solve-ours", "--world", "leak"], ["peers", "--pairs", "0"], ["peers", "--seconds", "none"],
      ["peers", "--lane", "64"], ["peers", "lstm64"],
    ]
    for words in usage {
      let outcome = try benchmark(place, words)
      #expect(outcome.exitCode == 64 && outcome.errors.contains("usage: benchmark"), "\(words)")
    }
  }

  /// The peers need Python; whoever has none is told so before anything is fetched or measured.
  @Test func saysThatThePeersNeedPython() throws {
    let place = try Workplace()
    let outcome = try Program.benchmark.run(
      ["peers", "--quick"], in: place.folder.path, environment: ["PATH": "/nowhere"])
    #expect(outcome.exitCode == 1 && outcome.output.isEmpty && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("python3"), "\(outcome)")
    let solve = try Program.benchmark.run(
      ["solve", "--quick"], in: place.folder.path, environment: ["PATH": "/nowhere"])
    #expect(solve.exitCode == 1 && solve.errorLines.count == 1 && solve.errors.contains("python3"), "\(solve)")
    let unknown = try benchmark(place, "peers", "--shapes", "lstm64,lstm46")
    #expect(unknown.errors.contains("did you mean") && unknown.errors.contains("sb3-recurrent"), "\(unknown)")
  }

  // MARK: Parts

  private func benchmark(_ place: Workplace, _ words: String...) throws -> ProgramOutcome {
    try benchmark(place, words)
  }

  private func benchmark(_ place: Workplace, _ words: [String]) throws -> ProgramOutcome {
    try Program.benchmark.run(words, in: place.folder.path)
  }

  private func metrics(_ report: JSON) throws -> [String: Double] {
    var medians: [String: Double] = [:]
    for metric in try #require(report["metrics"]?.arrayValue) {
      medians[try #require(metric["name"]?.stringValue)] = try #require(metric["median"]?.doubleValue)
    }
    return medians
  }

  private func doctored(_ report: JSON, _ change: (String, Double) -> Double) -> JSON {
    var members = report.objectValue ?? [:]
    members["metrics"] = .array(
      (report["metrics"]?.arrayValue ?? []).map { metric in
        var fields = metric.objectValue ?? [:]
        fields["median"] = .number(change(metric["name"]?.stringValue ?? "", metric["median"]?.doubleValue ?? .nan))
        return .object(fields)
      })
    return .object(members)
  }
}
