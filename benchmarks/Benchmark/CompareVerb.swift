// benchmark compare: is anything slower than it was?

import Storage
import Text

enum CompareVerb {
  static func run(_ words: [String]) throws(BenchmarkError) {
    let words = try Arguments(
      words, values: ["with", "threshold", "repetitions", "json"], switches: ["quick"], operandLimit: 1)
    guard let path = words.operands.first else { throw .usage("compare needs the baseline's file") }
    var threshold = Comparison.defaultThresholdPercent
    if let text = words.value("threshold") {
      guard let percent = Double(text), percent > 0, percent < 100 else {
        throw .usage("--threshold is \(text); it must be a number of percent above 0 and below 100")
      }
      threshold = percent
    }
    let repetitions = try words.count("repetitions", limit: 1000)
    let file = try words.value("json").flatMap { $0 == "-" ? nil : $0 }.map(OutputFile.init)
    let baseline = try Results(path: path)
    let current: Results
    if let other = words.value("with") {
      for name in ["repetitions", "quick", "json"] where words.has(name) {
        throw .usage("--\(name) cannot go with --with: nothing is measured")
      }
      current = try Results(path: other)
    } else {
      let options = Options(
        again: baseline.subjects, policies: baseline.policies, workers: baseline.workers, repetitions: repetitions,
        isQuick: words.has("quick"))
      let report = try Report.measuring(options)
      try Main.publish(report.json, lines: report.table, path: words.value("json"), file: file)
      current = try Results(report.json, source: "this run")
    }
    let comparison = try Comparison(baseline: baseline, current: current, thresholdPercent: threshold)
    print(comparison.table)
    if !comparison.regressions.isEmpty {
      throw .refused("slower than \(path): " + comparison.regressions.joined(separator: "; "))
    }
  }
}

/// A report as it stands in a file.
struct Results {
  let source: String
  let json: JSON
  /// By name, with the unit.
  let medians: [String: (value: Double, unit: String)]
  let subjects: [Subject]
  let policies: [PolicyShape]
  let workers: Int

  init(path: String) throws(BenchmarkError) {
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read(path)
    } catch {
      throw .failed(error.description)
    }
    do {
      let json = try JSON.parse(bytes)
      try self.init(json, source: path)
    } catch let error as JSONError {
      throw .failed("\(path): \(error)")
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(path): \(error)")
    }
  }

  init(_ json: JSON, source: String) throws(BenchmarkError) {
    var medians: [String: (value: Double, unit: String)] = [:]
    for metric in json["metrics"]?.arrayValue ?? [] {
      guard let name = metric["name"]?.stringValue, let unit = metric["unit"]?.stringValue,
        let median = metric["median"]?.doubleValue
      else { throw .failed("\(source): a metric without name, unit or median; it is no report of `benchmark --json`") }
      medians[name] = (median, unit)
    }
    guard let sgemm = medians[Comparison.sgemm], sgemm.value > 0 else {
      throw .failed("\(source) holds no sgemm peak; it is no report of `benchmark --json`")
    }
    self.source = source
    self.json = json
    self.medians = medians
    func names(_ setting: String) -> [String] {
      (json["settings"]?[setting]?.arrayValue ?? []).compactMap(\.stringValue)
    }
    subjects = names("subjects").compactMap { Subject(rawValue: $0) }
    policies = names("policies").compactMap { PolicyShape(rawValue: $0) }
    workers = Int(json["machine"]?["worker_threads"]?.integerValue ?? 1)
  }

  /// What two reports must share for these subjects to be compared at all, as text.
  func conditions(for subjects: [Subject]) -> [(name: String, value: String)] {
    func text(_ value: JSON?) -> String { value?.stringValue ?? value?.text ?? "unknown" }
    let machine = json["machine"]
    var settings = json["settings"]?.objectValue ?? [:]
    settings["subjects"] = nil
    settings["policies"] = nil
    settings["repetitions"] = nil
    if !subjects.contains(.environment) {
      settings["environment_steps"] = nil
      settings["environment_lanes"] = nil
    }
    return [
      ("processor", text(machine?["processor"])), ("BLAS kernels", text(machine?["blas_core"])),
      ("learner's kernels", text(machine?["learner_kernels"])),
      ("workers", text(machine?["worker_threads"])),
      ("settings", JSON.object(settings).text),
    ]
  }
}

/// Two reports side by side. Speeds are divided by the sgemm peak of their own report and times multiplied by it, so that a machine that is
/// slower today does not count as a slower program; how often memory is asked for is compared as it is.
struct Comparison {
  static let defaultThresholdPercent = 15.0
  static let sgemm = Measurement.sgemm

  let table: String
  /// Subject, before and after, one sentence each.
  let regressions: [String]

  init(baseline: Results, current: Results, thresholdPercent: Double) throws(BenchmarkError) {
    let subjects = baseline.subjects
    for (before, after) in zip(baseline.conditions(for: subjects), current.conditions(for: subjects))
    where before.value != after.value {
      throw .failed(
        "\(baseline.source) cannot be compared: its \(before.name) are \(before.value), here \(after.value); make a baseline "
          + "of this machine with --json")
    }
    let drift = (current.medians[Comparison.sgemm]?.value ?? 1) / (baseline.medians[Comparison.sgemm]?.value ?? 1)
    var lines = [
      "compared with \(baseline.source) at \(baseline.json["revision"]?.stringValue ?? "unknown revision"), limit "
        + "\(Report.short(thresholdPercent)) %; this machine's sgemm is \(Report.short(100 * drift)) % of then",
      Comparison.line(["", "before", "after", "scaled", "change"]),
    ]
    var regressions: [String] = []
    for name in baseline.medians.keys.sorted() where name != Comparison.sgemm {
      guard let (before, unit) = baseline.medians[name] else { continue }
      guard let after = current.medians[name]?.value else {
        throw .failed("\(current.source) lacks \(name), which \(baseline.source) holds; measure the same subjects")
      }
      let kind = Comparison.kind(unit)
      guard kind != .told else { continue }
      let scaled = kind == .speed ? after / drift : kind == .time ? after * drift : after
      let worse = kind == .speed ? before - scaled : scaled - before
      let percent = before > 0 ? 100 * worse / before : worse > 0 ? Double.infinity : 0
      let isRegression =
        kind == .count ? worse > (before == 0 ? 1e-9 : 0.5) : percent > thresholdPercent * Comparison.patience(name)
      let change = percent.isInfinite ? "from none" : "\(percent > 0 ? "-" : "+")\(Report.short(abs(percent))) %"
      lines.append(
        Comparison.line([name, Report.short(before), Report.short(after), Report.short(scaled), change])
          + (isRegression ? "  WORSE" : ""))
      if isRegression {
        regressions.append(
          "\(name) was \(Report.short(before)) and is \(Report.short(scaled)) \(unit)"
            + (kind == .count ? "" : " (scaled to the same sgemm)"))
      }
    }
    table = lines.joined(separator: "\n")
    self.regressions = regressions
  }

  private enum Kind { case speed, time, count, told }

  /// Shares and products are told, not judged: they follow from the others. So is what depends on how many episodes just ended.
  private static func kind(_ unit: String) -> Kind {
    switch unit {
    case "steps/s", "bars/s", "options/s": .speed
    case "ns", "us", "ms": .time
    case "calls": .count
    default: .told
    }
  }

  /// The slowest of a hundred decisions, a disk, and what lasts a few nanoseconds vary more than the rest from one minute to the next.
  private static func patience(_ name: String) -> Double {
    let varies = ["decision_p99", "checkpoint_", "save_", "import_", "pointwise_"]
    return varies.contains { name.hasPrefix($0) } ? 3 : 1
  }

  private static func line(_ cells: [String]) -> String {
    Report.padded(cells[0], 36) + cells.dropFirst().map { Report.leading($0, 13) }.joined()
  }
}
