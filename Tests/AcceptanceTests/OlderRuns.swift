// What older revisions left behind in Tests/Fixtures/Runs, and what is expected to become of it.

import Inference
import Storage
import TestSupport
import Testing
import Text

/// A run that was left half way.
struct OlderRun: Sendable, CustomTestStringConvertible {
  let name: String
  /// A setting that it names although it is one of another environment.
  var foreignSetting: String?

  var testDescription: String { name }

  static let all = [
    OlderRun(name: "ppo-leak"), OlderRun(name: "ppo_lstm-regime_switching"), OlderRun(name: "ppo_mask-dual_ticker"),
    OlderRun(name: "ppo_lstm_mask-dual_ticker"), OlderRun(name: "a2c-martingale"), OlderRun(name: "a2c_lstm-cue"),
    OlderRun(name: "a2c_lstm_mask-cue", foreignSetting: "environment.unit_dollars"),
    OlderRun(name: "dqn-mean_reversion"), OlderRun(name: "dqn_mask-cue"),
  ]
  static let ensemble = OlderRun(name: "ensemble")

  /// Where the checkpoint was made, and where the run ends.
  static let (half, total) = (256, 512)
  /// Which of its kernels the matrix library is told to take: every x86-64 processor can run them, so that bits can be compared everywhere.
  static let environment = ["OPENBLAS_CORETYPE": "Prescott"]

  // MARK: Files

  static func bytes(_ file: String) throws -> [UInt8] { try FileSystem.read(GoldenFile.runs + "/" + file) }

  static func text(_ file: String) throws -> String { String(decoding: try bytes(file), as: UTF8.self) }

  private static func files(below folder: String) -> [String] {
    TemporaryFolder.names(GoldenFile.runs + "/" + folder).flatMap { child in
      let inner = files(below: folder + "/" + child)
      return inner.isEmpty ? [folder + "/" + child] : inner
    }
  }

  /// A folder with the store and the run as it was left.
  func place() throws -> Workplace {
    let place = try Workplace()
    for file in OlderRun.files(below: "checkpoints/" + name) + ["market.h5"] {
      try FileSystem.makeFolder(place.folder.place(FileSystem.split(file).folder))
      try place.folder.write(OlderRun.bytes(file), to: file)
    }
    return place
  }

  /// Runs the training program and requires that all goes well. It may say that it leaves out the foreign setting, and nothing else.
  @discardableResult
  func strikeforge(
    _ words: String..., in place: Workplace, location: SourceLocation = #_sourceLocation
  ) throws -> ProgramOutcome {
    let outcome = try Program.strikeforge.run(words, in: place.folder.path, environment: OlderRun.environment)
    try #require(
      outcome.exitCode == 0
        && outcome.errorLines.allSatisfy { line in foreignSetting.map { line.contains($0) } ?? false },
      "\(outcome)", sourceLocation: location)
    return outcome
  }
}

/// What `scripts/golden/runs` found to become of a run or an ensemble.
struct OlderRunExpectation {
  let json: JSON

  init(_ name: String) throws { json = try JSON.parse(OlderRun.bytes("expected/\(name).json")) }

  func text(_ key: String) throws -> String { try #require(json[key]?.stringValue, "the expectation has no \(key)") }

  /// What of `found` is not as expected, and where; nothing where it is. What is found beside it is not looked at.
  ///
  /// `isSame`: whether the same kernels did the arithmetic. Where others did, last bits differ, and numbers may by a thousandth of what they are.
  static func difference(_ expected: JSON, _ found: JSON?, isSame: Bool, at path: String = "") -> String? {
    guard let found else { return "\(path) is not there" }
    if let members = expected.objectValue {
      for (key, value) in members.sorted(by: { $0.key < $1.key }) where isSame || key != "parameters_sha256" {
        if let one = difference(value, found[key], isSame: isSame, at: path + "/" + key) { return one }
      }
      return found.objectValue == nil ? "\(path) is no object" : nil
    }
    if let elements = expected.arrayValue {
      guard let others = found.arrayValue, others.count == elements.count else {
        return "\(path) has other than \(elements.count) elements"
      }
      for (index, pair) in zip(elements, others).enumerated() {
        if let one = difference(pair.0, pair.1, isSame: isSame, at: "\(path)/\(index)") { return one }
      }
      return nil
    }
    if let number = expected.doubleValue, let other = found.doubleValue {
      let tolerance = (isSame ? 1e-12 : 1e-3) * max(1e-2, abs(number))
      return abs(number - other) <= tolerance ? nil : "\(path) is \(other), not \(number)"
    }
    return expected == found ? nil : "\(path) is \(found.text), not \(expected.text)"
  }

  /// The same for decisions in a row, as numbers with blanks between them. Other kernels may decide a near tie otherwise, now and then.
  static func difference(_ expected: String, _ found: String, isSame: Bool) -> String? {
    let pairs = [expected, found].map { $0.split(whereSeparator: \.isWhitespace) }
    guard pairs[0].count == pairs[1].count else { return "\(pairs[1].count) decisions, not \(pairs[0].count)" }
    let others = zip(pairs[0], pairs[1]).count { $0 != $1 }
    return others <= (isSame ? 0 : pairs[0].count / 50) ? nil : "\(others) of \(pairs[0].count) decisions differ"
  }
}

extension ProgressTable {
  /// The rows of later steps, by column, without what the clock wrote.
  func rows(after step: Int) throws -> JSON {
    let steps = try steps()
    return .array(
      try zip(steps, lines).filter { $0.0 > step }.map { _, line in
        var row: [String: JSON] = [:]
        for (name, value) in zip(columns, line.split(separator: ",", omittingEmptySubsequences: false))
        where !value.isEmpty && !ProgressTable.isClock(name) {
          row[name] = try JSON.parse(String(value))
        }
        return .object(row)
      })
  }
}

/// The settings that a printed configuration holds, as text by key.
struct PrintedSettings {
  var values: [String: String] = [:]
  /// Those that a file or a flag named.
  var named: Set<String> = []

  init(_ text: String) {
    var section = ""
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard line.hasPrefix("  ") else {
        section = String(line.dropLast())
        continue
      }
      let parts = line.dropFirst(2).split(separator: ": ", maxSplits: 1).map(String.init)
      let key = section + "." + parts[0]
      let value = parts[1].firstRange(of: "  # ").map { parts[1][..<$0.lowerBound] }
      values[key] = String(value ?? parts[1][...])
      if value != nil { named.insert(key) }
    }
  }
}
