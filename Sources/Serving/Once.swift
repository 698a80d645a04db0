// A conversation by lines: questions on the standard input, answers on the standard output.

package import Inference
private import Text

/// Answers every line in order, with one policy and one memory, until the input ends or a line cannot be answered.
package enum Once {
  package static func run(_ bundle: PolicyBundle, seed: UInt64?) throws(ServeError) {
    var session = ServingSession(bundle, seed: seed)
    var input = LineReader()
    var answer: [UInt8] = []
    while let line = try input.next() {
      answer.removeAll(keepingCapacity: true)
      do {
        try session.answer(line, into: &answer)
      } catch {
        throw .badLine(number: input.lineNumber, reason: error.reason, remedy: error.remedy)
      }
      answer.append(UInt8(ascii: "\n"))
      try Output.jsonLine(answer)
    }
  }
}

/// The bundle in words.
package enum Describe {
  /// A row a line, the names in one column.
  package static func lines(_ bundle: PolicyBundle) -> [String] {
    let rows = bundle.describe()
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { name, text in name + String(repeating: " ", count: width - name.count + 2) + text }
  }
}

/// Why serving ended.
package enum ServeError: Error {
  /// Something that concerns no single line of input.
  case failed(String)
  /// A line of input (from 1) that cannot be answered.
  case badLine(number: Int, reason: String, remedy: String)

  /// What is written to the error output: a sentence of the program, or one JSON object about the line.
  package func line(program: String) -> String {
    switch self {
    case .failed(let reason): return "\(program): \(PrintableText.sentence(reason))"
    case .badLine(let number, let reason, let remedy):
      let value: JSON = [
        "error": .string(PrintableText.sentence(reason)), "line": .integer(Int64(number)),
        "remedy": .string(PrintableText.sentence(remedy)),
      ]
      return value.text
    }
  }
}
