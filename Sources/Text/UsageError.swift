// Why a command line cannot be understood.

/// A command line that cannot be understood: exit code 64, with the usage.
package struct UsageError: Error {
  package enum Reason: Equatable, Sendable {
    /// The word as it stands, without what follows an equals sign; the flag that was probably meant, without dashes.
    case unknownFlag(String, nearest: String?)
    /// A flag, without dashes, that stands more than once.
    case repeated(String)
    /// A flag without its value; `valueName` is nil where the value has no name.
    case valueMissing(String, valueName: String?)
    /// A flag with a value that it does not take.
    case valueUnwanted(String)
    /// A word that is no flag, where none is expected.
    case unexpected(String)
    /// A sentence of the program's own.
    case other(String)
  }

  package let reason: Reason
  /// What the program shows below the sentence; empty where it shows the same below every one.
  package var usage: String

  package init(_ reason: Reason, usage: String = "") {
    self.reason = reason
    self.usage = usage
  }

  package init(_ message: String, usage: String = "") { self.init(.other(message), usage: usage) }

  /// One sentence without a full stop, which a terminal can show whatever the user wrote.
  package var message: String { PrintableText.sentence(sentence) }

  private var sentence: String {
    switch reason {
    case .unknownFlag(let word, let nearest):
      "unknown flag \(PrintableText.name(word))" + (nearest.map { "; did you mean --\($0)?" } ?? "")
    case .repeated(let name): "--\(name) stands twice"
    case .valueMissing(let name, let valueName): "--\(name) needs a value" + (valueName.map { ": \($0)" } ?? "")
    case .valueUnwanted(let name): "--\(name) takes no value"
    case .unexpected(let word): "unexpected \(PrintableText.name(word))"
    case .other(let message): message
    }
  }
}
