// The words of a command line, checked against the flags that a verb knows.

import Text

/// `--flag value` and `--flag=value` are one.
struct CommandWords {
  private var values: [String: [String]] = [:]
  private(set) var operands: [String] = []

  /// `flags` take a value, those in `repeated` any number of times; `switches` take none. `operandLimit`: how many other words may stand.
  init(
    _ words: [String], flags: [String], repeated: Set<String> = [], switches: [String] = [], operandLimit: Int = 0
  ) throws(BenchmarkError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        guard operands.count < operandLimit else { throw .usage("unexpected \(word)") }
        operands.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = String(parts[0].drop { $0 == "-" })
      guard word.hasPrefix("--"), (flags + switches).contains(name) else {
        let known = flags + switches
        throw .usage("unknown flag \(parts[0])\(CommandWords.hint(name, among: known, prefix: "--"))")
      }
      guard values[name] == nil || repeated.contains(name) else { throw .usage("--\(name) stands twice") }
      if switches.contains(name) {
        guard parts.count == 1 else { throw .usage("--\(name) takes no value") }
        values[name] = []
        continue
      }
      guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
        throw .usage("--\(name) needs a value")
      }
      values[name, default: []].append(value)
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }

  func value(_ name: String) -> String? { values[name]?.last }

  func all(_ name: String) -> [String] { values[name] ?? [] }

  func count(_ name: String, limit: Int) throws(BenchmarkError) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), (1...limit).contains(number) else {
      throw .usage("--\(name) is \(text); it must be a whole number from 1 to \(limit)")
    }
    return number
  }

  static func hint(_ name: String, among known: [String], prefix: String) -> String {
    NearestName.of(name, among: known).map { "; did you mean \(prefix)\($0)?" } ?? ""
  }
}
