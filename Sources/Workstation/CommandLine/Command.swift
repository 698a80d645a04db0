// What a command is: a description that drives parsing and help, and a body.

import Text
import Training

/// The face of a command.
struct CommandDescription {
  let name: String
  let summary: String
  /// How the operands are written in the usage line: `RUN`, `[SYMBOL=]FILE ...`.
  let operands: String
  let operandCount: ClosedRange<Int>
  let flags: [Flag]
  /// What more there is to say, below the flags.
  let notes: String

  var usage: String {
    "usage: strikeforge \(name)\(operands.isEmpty ? "" : " " + operands)\(flags.isEmpty ? "" : " [flags]")\n"
      + "`strikeforge \(name) --help` lists the flags"
  }

  var help: String {
    var text = "strikeforge \(name)\(operands.isEmpty ? "" : " " + operands)\n\n"
    text += wrap(summary, width: 80).joined(separator: "\n") + "\n"
    if !flags.isEmpty {
      text += "\nFlags:\n"
      let heads = flags.map { flag in
        "  --" + flag.name + (flag.valueName.map { flag.isValueOptional ? "[=\($0)]" : " " + $0 } ?? "")
      }
      let width = min(28, (heads.map(\.count).max() ?? 0) + 2)
      for (head, flag) in zip(heads, flags) {
        let lines = wrap(flag.help, width: 80 - width)
        let isLong = head.count + 2 > width
        text += head + (isLong ? "\n" + spaces(width) : spaces(width - head.count)) + lines[0] + "\n"
        for line in lines.dropFirst() { text += spaces(width) + line + "\n" }
      }
    }
    if !notes.isEmpty { text += "\n" + notes + "\n" }
    return text
  }
}

/// One verb of the program.
protocol Command {
  static var description: CommandDescription { get }
  /// Whether it asks the matrix library for products.
  static var multiplies: Bool { get }
  /// Does the work with the environments and algorithms that there are, and returns the exit code: 0 done, 1 failed, 2 a gate refused.
  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32
}

extension Command {
  static var multiplies: Bool { false }
}

extension UsageError {
  /// With the usage of a command.
  init(_ message: String, command: CommandDescription) { self.init(message, usage: command.usage) }
}

extension Arguments {
  /// The words behind the name of a command.
  init(_ words: some Sequence<String>, of command: CommandDescription) throws(UsageError) {
    do throws(UsageError) {
      try self.init(words, flags: command.flags, allowsEmptyValues: true)
    } catch {
      throw UsageError(error.reason, usage: command.usage)
    }
    guard command.operandCount.contains(operands.count) else {
      let found = operands.isEmpty ? "none is given" : "found \(operands.count): \(operands.joined(separator: " "))"
      let expected = command.operands.isEmpty ? "nothing but flags" : command.operands
      throw UsageError("expected \(expected), \(found)", command: command)
    }
  }
}

/// Words broken into lines of at most `width` characters.
func wrap(_ text: String, width: Int) -> [String] {
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    if !line.isEmpty, line.count + 1 + word.count > width {
      lines.append(line)
      line = ""
    }
    line += (line.isEmpty ? "" : " ") + word
  }
  lines.append(line)
  return lines
}

private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
