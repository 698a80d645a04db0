// What can be wrong with a configuration, in words that name the place and the remedy.

private import Text

/// A configuration that cannot be used. `source` is the file, or `--set`.
package enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case syntax(source: String, line: Int, column: Int, problem: String)
  case unknownKey(key: String, source: String, nearest: String?)
  case wrongValue(key: String, source: String, found: String, expected: String)
  /// A setting that others have than the one that `selector` names: `kind` is an algorithm or an environment.
  case foreign(key: String, source: String, kind: String, selector: String, chosen: String, owners: [String])
  case conflict(String)

  /// One sentence that a terminal can show, whatever the file holds.
  package var description: String { PrintableText.sentence(sentence) }

  private var sentence: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read the configuration \(path): \(reason)"
    case .syntax(let source, let line, let column, let problem):
      "\(source), line \(line), column \(column): \(problem); the file must be plain YAML 1.2"
    case .unknownKey(let key, let source, let nearest):
      if source.hasPrefix("--") || ConfigurationError.isKey(key) {
        "\(source): unknown key '\(short(key))'"
          + (nearest.map { "; did you mean '\($0)'?" } ?? "; `strikeforge train --keys` lists all")
      } else {
        // Of a file that is no configuration, no line is repeated.
        "\(source): \(key.utf8.count) bytes stand where a key belongs and are none; check that it is the file that was meant"
      }
    case .wrongValue(let key, let source, let found, let expected):
      "\(source): '\(short(key))' is \(short(found)) but must be \(expected)"
    case .foreign(let key, let source, let kind, let selector, let chosen, let owners):
      "\(source): '\(short(key))' is a \(key.contains(".") ? "setting" : "section") of "
        + "\(owners.joined(separator: " and ")), but \(selector) is \(chosen); "
        + "leave it out, or name the \(kind) first"
    case .conflict(let sentence): sentence
    }
  }

  /// Whether text is written like the key of a setting or of a member: `algorithm.gamma`, `members[0].seeds`.
  static func isKey(_ text: String) -> Bool {
    text.utf8.count <= 80
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
          UInt8(ascii: "["), UInt8(ascii: "]"):
          true
        default: false
        }
      }
  }

  /// What the file holds, no longer than leaves room for what to do about it.
  private func short(_ text: String) -> String { PrintableText.of(text, longest: 200) }
}
