// The two doors through which this room's words leave: whatever a file, a flag or a run's name says, no terminal obeys it.

import Glibc
import Storage
import Text

/// Lines on standard output. In this room this is `print`: nothing of it reaches a terminal that is not printable.
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {
  let text = items.map { "\($0)" }.joined(separator: separator)
  Swift.print(PrintableText.lines(text + terminator), terminator: "")
}

/// One line on standard error, or a sentence and the usage below it.
func complain(_ text: String) {
  let bytes = Array((PrintableText.lines(text) + "\n").utf8)
  bytes.withUnsafeBytes { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Questions to whoever sits at the terminal.
enum Console {
  static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

  /// One of the choices; nil where the input ends, or three answers were none.
  static func ask(_ question: ImportQuestion) -> String? {
    for _ in 0..<3 {
      print("\(question.path): \(question.words)")
      print("  \(question.choices.joined(separator: " or "))? (without being asked: --\(question.flag))")
      guard let line = readLine() else { return nil }
      let answer = line.filter { $0 != " " }
      if question.choices.contains(answer) { return answer }
    }
    return nil
  }
}
