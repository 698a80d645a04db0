// What the command line asks for.

import Inference

/// What can be measured.
enum Subject: String, CaseIterable {
  case training, environment, decision, sgemm
}

struct Options {
  var workers = 1
  /// Nil: 5, or 2 when quick.
  private var askedRepetitions: Int?
  var subjects = Subject.allCases
  var isQuick = false
  /// Where the JSON goes; `-` is standard output.
  var jsonPath: String?

  var repetitions: Int { askedRepetitions ?? (isQuick ? 2 : 5) }

  static let usage = """
    usage: benchmark [--workers N] [--repetitions N] [--subjects A,B] [--quick] [--json FILE]
    `benchmark --help` tells more
    """

  static let help = """
    benchmark

    Measures training, the environment, decisions and matrix products in one
    process, their repetitions in turn, and prints median, minimum and maximum.

    Flags:
      --workers N       threads that training uses (1); the other subjects use one
      --repetitions N   how often each subject is measured (5; 2 with --quick)
      --subjects A,B    some of training, environment, decision, sgemm (all); sgemm
                        is always measured: it shows the machine's noise
      --quick           small shapes, a few seconds: shows that it works, no speeds
      --json FILE       also writes everything to FILE; - prints it to standard
                        output and the table to standard error
      --help            this text

    What each number means stands in benchmarks/README.md. Exit codes: 0 done,
    1 failed, 64 wrong usage.

    """

  private static let flags = ["workers", "repetitions", "subjects", "quick", "json", "help"]

  /// Nil where help is asked for. `--flag value` and `--flag=value` are one.
  init?(_ words: [String]) throws(BenchmarkError) {
    if words.contains("--help") || words.contains("-h") { return nil }
    var rest = words[...]
    var seen: Set<String> = []
    while let word = rest.popFirst() {
      guard word.hasPrefix("-") else { throw .usage("unexpected \(word): there are only flags") }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = String(parts[0].drop { $0 == "-" })
      guard word.hasPrefix("--"), Options.flags.contains(name) else {
        throw .usage("unknown flag \(parts[0])\(Options.hint(name, among: Options.flags, prefix: "--"))")
      }
      guard seen.insert(name).inserted else { throw .usage("--\(name) stands twice") }
      if name == "quick" {
        guard parts.count == 1 else { throw .usage("--quick takes no value") }
        isQuick = true
        continue
      }
      guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
        throw .usage("--\(name) needs a value")
      }
      switch name {
      case "workers": workers = try Options.count(value, of: name, limit: 256)
      case "repetitions": askedRepetitions = try Options.count(value, of: name, limit: 1000)
      case "subjects": subjects = try Options.subjects(value)
      default: jsonPath = value
      }
    }
  }

  private static func count(_ text: String, of name: String, limit: Int) throws(BenchmarkError) -> Int {
    guard let number = Int(text), (1...limit).contains(number) else {
      throw .usage("--\(name) is \(text); it must be a whole number from 1 to \(limit)")
    }
    return number
  }

  private static func subjects(_ text: String) throws(BenchmarkError) -> [Subject] {
    var subjects: [Subject] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      guard let subject = Subject(rawValue: name) else {
        let known = Subject.allCases.map(\.rawValue)
        throw .usage(
          "unknown subject '\(name)'\(hint(name, among: known, prefix: "")); there are \(known.joined(separator: ", "))"
        )
      }
      if !subjects.contains(subject) { subjects.append(subject) }
    }
    return subjects
  }

  private static func hint(_ name: String, among known: [String], prefix: String) -> String {
    NearestName.of(name, among: known).map { "; did you mean \(prefix)\($0)?" } ?? ""
  }
}
