// Flags and operands of one command, checked against what the command declares.

import Text
import Training

/// A flag that a command understands.
struct Flag {
  /// Without the leading dashes, in kebab-case.
  let name: String
  /// What its value is called in the help; nil where it takes none.
  let valueName: String?
  let help: String
  let isRepeatable: Bool
  /// Whether the value may be left out; where it is not, it follows an equals sign.
  let isValueOptional: Bool

  /// A flag that takes no value.
  init(_ name: String, _ help: String) {
    self.name = name
    valueName = nil
    self.help = help
    isRepeatable = false
    isValueOptional = false
  }

  /// A flag whose value may be left out.
  init(_ name: String, optional valueName: String, _ help: String) {
    self.name = name
    self.valueName = valueName
    self.help = help
    isRepeatable = false
    isValueOptional = true
  }

  /// A flag with a value.
  init(_ name: String, _ valueName: String, repeats: Bool = false, _ help: String) {
    self.name = name
    self.valueName = valueName
    self.help = help
    isRepeatable = repeats
    isValueOptional = false
  }
}

/// What the user wrote after the command's name.
struct Arguments {
  /// Flag name and value ("" where it takes none), in the order written.
  private(set) var flags: [(name: String, value: String)] = []
  private(set) var operands: [String] = []

  /// Splits the words of a command line. `--flag value` and `--flag=value` are one; `--` ends the flags.
  init(_ words: some Sequence<String>, of command: CommandDescription) throws(UsageError) {
    var rest = Array(words)[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      if word == "--" {
        operands.append(contentsOf: rest)
        break
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let name = String(parts[0].drop { $0 == "-" })
      guard word.hasPrefix("--"), let flag = command.flags.first(where: { $0.name == name }) else {
        let known = command.flags.map(\.name) + ["help"]
        let nearest = NearestName.of(name, among: known).map { "; did you mean --\($0)?" } ?? ""
        throw UsageError("unknown flag \(parts[0])\(nearest)", command: command)
      }
      if !flag.isRepeatable, flags.contains(where: { $0.name == name }) {
        throw UsageError("--\(name) stands twice", command: command)
      }
      if let valueName = flag.valueName {
        if parts.count == 2 {
          flags.append((name, parts[1]))
        } else if flag.isValueOptional {
          flags.append((name, ""))
        } else if let value = rest.popFirst() {
          flags.append((name, value))
        } else {
          throw UsageError("--\(name) needs a value: \(valueName)", command: command)
        }
      } else {
        guard parts.count == 1 else { throw UsageError("--\(name) takes no value", command: command) }
        flags.append((name, ""))
      }
    }
    guard command.operandCount.contains(operands.count) else {
      let found = operands.isEmpty ? "none is given" : "found \(operands.count): \(operands.joined(separator: " "))"
      let expected = command.operands.isEmpty ? "nothing but flags" : command.operands
      throw UsageError("expected \(expected), \(found)", command: command)
    }
  }

  func has(_ name: String) -> Bool { flags.contains { $0.name == name } }
  func value(_ name: String) -> String? { flags.last { $0.name == name }?.value }
  func values(_ name: String) -> [String] { flags.filter { $0.name == name }.map(\.value) }
}

/// A command line that cannot be understood: exit code 64, with the usage.
struct UsageError: Error {
  let message: String
  let usage: String

  init(_ message: String, command: CommandDescription) {
    self.message = message
    usage = command.usage
  }

  init(_ message: String, usage: String) {
    self.message = message
    self.usage = usage
  }
}
