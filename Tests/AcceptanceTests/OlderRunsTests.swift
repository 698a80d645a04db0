// Runs, an ensemble and bundles of an older revision: today's programs go on with them, and they mean the same.

import Inference
import Storage
import TestSupport
import Testing
import Text

@Suite struct OlderRunsTests {
  /// From half way to the end: the same bits where the same kernels do the arithmetic, else the same but for rounding. Then judged,
  /// exported and served.
  @Test(arguments: OlderRun.all) func goesOn(_ run: OlderRun) throws {
    let place = try run.place()
    let expected = try OlderRunExpectation(run.name)
    let before = try place.progress(run.name)
    let saved = try place.checkpoint(place.file(run.name, "checkpoint-\(OlderRun.half).h5")).attributes["kernels"]
    for name in place.folder.names(in: "checkpoints/" + run.name) where name.hasSuffix(".h5") {
      try run.strikeforge("inspect", place.file(run.name, name), in: place)
    }

    let resumed = try run.strikeforge("train", "--resume", run.name, in: place)
    #expect(
      resumed.output.hasPrefix("resuming checkpoints/\(run.name) from step \(OlderRun.half) of \(OlderRun.total) "))
    let kernels = try kernels(place, run.name)
    let isSame = try kernels == expected.text("kernels")
    #expect(resumed.output.contains("warning: the run was saved with the kernels") == (saved != kernels))
    if try place.folder.read(place.file(run.name, "config.json")).contains("\"kernels\": \"blas\"") {
      expectComparable(isSame, kernels)
    }
    if isSame { #expect(try resumed.parameters == expected.text("parameters")) }
    let after = try place.progress(run.name)
    #expect(after.lines.prefix(before.lines.count) == before.lines[...], "what was kept is not written again")
    let rows = try #require(expected.json["rows"])
    #expect(
      try OlderRunExpectation.difference(rows, after.rows(after: OlderRun.half), isSame: isSame, at: "rows") == nil)

    try expectEvaluation(of: run, in: place, expected.json, isSame: isSame)
    let exported = try run.strikeforge("export", run.name, in: place)
    if isSame { #expect(try exported.parameters == expected.text("parameters_exported")) }
    try expectServedEqualsEvaluated(place, run)
  }

  /// What a run wrote down as its configuration can be trained anew, and is the same run.
  @Test(arguments: OlderRun.all) func itsConfigurationMeansTheSame(_ run: OlderRun) throws {
    let place = try run.place()
    let path = place.file(run.name, "config.yaml")
    let old = PrintedSettings(try place.folder.read(path))
    let now = PrintedSettings(try run.strikeforge("train", "--dump-config", "--config", path, in: place).output)
    #expect(!old.named.isEmpty && run.foreignSetting.map(old.named.contains) != false)
    for key in old.named where key != run.foreignSetting { #expect(now.values[key] == old.values[key], "\(key)") }
    for (key, value) in now.values where old.values[key] != nil { #expect(value == old.values[key], "\(key)") }

    let expected = try OlderRunExpectation(run.name)
    let again = try run.strikeforge("train", "--config", path, "--run", "again", in: place)
    #expect(again.parameters != nil)
    if try kernels(place, "again") == expected.text("kernels") {
      #expect(try again.parameters == expected.text("parameters_of_the_configuration"))
    }
  }

  /// First judged as it was exported then; then its members go on, and are combined anew.
  @Test func anEnsembleGoesOn() throws {
    let run = OlderRun.ensemble
    let place = try run.place()
    let expected = try OlderRunExpectation(run.name)
    let bundle = place.file(run.name, "policy.safetensors")
    try place.folder.write(OlderRun.bytes("bundles/ensemble.safetensors"), to: bundle)
    try expectEvaluation(of: run, in: place, #require(expected.json["exported_then"]), isSame: true)
    place.folder.remove(bundle)

    let outcome = try run.strikeforge("ensemble", "--resume", run.name, in: place)
    for member in ["ppo", "a2c", "dqn"] {
      #expect(outcome.output.contains("\(member): finished"), "\(outcome.output)")
      #expect(try place.progress("ensemble/" + member).steps().last == OlderRun.total)
    }
    let kernels = try kernels(place, "ensemble/ppo")
    let isSame = try kernels == expected.text("kernels")
    expectComparable(isSame, kernels)
    let combination = try JSON.parse(place.folder.read(place.file(run.name, "combination.json")))
    let difference = OlderRunExpectation.difference(
      try #require(expected.json["combination"]), combination, isSame: isSame, at: "combination")
    #expect(difference == nil)
    try expectEvaluation(of: run, in: place, expected.json, isSame: isSame)
    try expectServedEqualsEvaluated(place, run)
  }

  /// A bundle needs nothing but itself: it decides as it did, on every processor.
  @Test(arguments: ["ppo_lstm_mask-dual_ticker", "dqn_mask-cue", "ensemble"])
  func aBundleDecidesAsItDid(name: String) throws {
    let place = try Workplace()
    try place.folder.write(OlderRun.bytes("bundles/\(name).safetensors"), to: "policy.safetensors")
    try place.succeed(["inspect", "policy.safetensors"])
    let served = try place.serve(
      "once", "--policy", "policy.safetensors", input: OlderRun.text("bundles/\(name).questions.jsonl"))
    try #require(served.exitCode == 0 && served.errors.isEmpty, "\(served)")
    let expected = try OlderRun.text("bundles/\(name).answers.jsonl").split(separator: "\n")
    try #require(!expected.isEmpty && served.lines.count == expected.count)
    for (line, answer) in zip(served.lines, expected) {
      let difference = try OlderRunExpectation.difference(
        JSON.parse(String(answer)), JSON.parse(line), isSame: true, at: name)
      #expect(difference == nil)
    }
  }

  // MARK: Parts

  /// What did a finished run's arithmetic.
  private func kernels(_ place: Workplace, _ run: String) throws -> String {
    try #require(place.checkpoint(place.file(run, "checkpoint-\(OlderRun.total).h5")).attributes["kernels"])
  }

  /// Where all goes through the library, its kernels are those that were asked for, so that no comparison of bits is passed over.
  private func expectComparable(_ isSame: Bool, _ kernels: String) {
    #if arch(x86_64)
      #expect(isSame, "the library took \(kernels)")
    #endif
  }

  private func expectEvaluation(of run: OlderRun, in place: Workplace, _ expected: JSON, isSame: Bool) throws {
    let told = try run.strikeforge(
      "evaluate", run.name, "--json", "--write-observations", "seen.jsonl", "--write-actions", "actions.txt", in: place)
    // Another test judges now; what was played is what it was.
    let judged: Set = ["bootstrap", "random_trading", "stochastic_verdict", "verdict"]
    let report = JSON.object(try #require(expected["report"]?.objectValue).filter { !judged.contains($0.key) })
    #expect(try OlderRunExpectation.difference(report, JSON.parse(told.output), isSame: isSame, at: "report") == nil)
    let actions = try #require(expected["actions"]?.stringValue)
    #expect(try OlderRunExpectation.difference(actions, place.folder.read("actions.txt"), isSame: isSame) == nil)
  }

  /// The server decides with the exported bundle as the evaluation did.
  private func expectServedEqualsEvaluated(_ place: Workplace, _ run: OlderRun) throws {
    let served = try place.serve(
      "once", "--policy", place.file(run.name, "policy.safetensors"), input: place.folder.read("seen.jsonl"))
    try #require(served.exitCode == 0 && served.errors.isEmpty, "\(served)")
    let actions = try served.lines.map { try #require(JSON.parse($0)["action"]?.integerValue) }
    #expect(try actions == place.folder.read("actions.txt").split(separator: "\n").compactMap { Int($0) })
  }
}
