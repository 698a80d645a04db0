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
  package var description: String { PrintableText.of(sentence) }

  private var sentence: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read the configuration \(path): \(reason)"
    case .syntax(let source, let line, let column, let problem):
      "\(source), line \(line), column \(column): \(problem); the file must be plain YAML 1.2"
    case .unknownKey(let key, let source, let nearest):
      "\(source): unknown key '\(short(key))'"
        + (nearest.map { "; did you mean '\($0)'?" } ?? "; `strikeforge train --keys` lists all")
    case .wrongValue(let key, let source, let found, let expected):
      "\(source): '\(short(key))' is \(short(found)) but must be \(expected)"
    case .foreign(let key, let source, let kind, let selector, let chosen, let owners):
      "\(source): '\(short(key))' is a \(key.contains(".") ? "setting" : "section") of "
        + "\(owners.joined(separator: " and ")), but \(selector) is \(chosen); "
        + "leave it out, or name the \(kind) first"
    case .conflict(let sentence): sentence
    }
  }

  /// What the file holds, no longer than leaves room for what to do about it.
  private func short(_ text: String) -> String { PrintableText.of(text, longest: 200) }
}
