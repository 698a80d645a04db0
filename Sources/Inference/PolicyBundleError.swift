// Why a policy bundle was refused.

import Text

/// Why a policy bundle was refused. Each case names the file; nothing is loaded in part.
public enum PolicyBundleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file could not be read at all.
  case unreadable(path: String, reason: String)
  /// The file is something else.
  case notAPolicyBundle(path: String, reason: String)
  /// The file ends early.
  case truncatedFile(path: String, expectedBytes: Int, foundBytes: Int)
  /// The file's bytes are not those that were written; `place` names the part.
  case damaged(path: String, place: String, reason: String)
  /// The file is of another schema version.
  case unsupportedVersion(path: String, found: String, supported: ClosedRange<Int>)
  /// The parts of the file do not fit each other.
  case inconsistent(path: String, place: String, reason: String)
  /// The policy does not decide here as it did where it was exported.
  case goldenMismatch(path: String, row: Int, output: String, expected: Float, found: Float)
  /// The policy speaks of other observations or actions.
  case wrongSpace(path: String, differences: [String])

  /// One sentence for the user, with the file, the place and the remedy, which a terminal can show whatever the file holds.
  public var description: String { PrintableText.sentence(sentence) }

  private var sentence: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read the policy bundle '\(path)': \(reason)"
    case .notAPolicyBundle(let path, let reason):
      "'\(path)' is not a policy bundle: \(reason); give the policy.safetensors that 'strikeforge export' wrote"
    case .truncatedFile(let path, let expected, let found):
      "the policy bundle '\(path)' is cut off after \(found) of at least \(expected) bytes; copy it again or export anew"
    case .damaged(let path, let place, let reason):
      "the policy bundle '\(path)' is damaged in its \(place): \(reason); copy it again or export anew"
    case .unsupportedVersion(let path, let found, let supported):
      "the policy bundle '\(path)' has schema version '\(found)', this program reads \(supported.lowerBound) to "
        + "\(supported.upperBound); use the program version that wrote it or export anew"
    case .inconsistent(let path, let place, let reason):
      "the policy bundle '\(path)' contradicts itself at \(place): \(reason); export anew"
    case .goldenMismatch(let path, let row, let output, let expected, let found):
      "the policy bundle '\(path)' does not decide here as where it was exported: golden row \(row), \(output) is "
        + "\(found) instead of \(expected); export anew on this machine's program version"
    case .wrongSpace(let path, let differences):
      "the policy bundle '\(path)' was trained on another space: \(differences.joined(separator: "; ")); "
        + "use the policy with the data and configuration it was trained on, or train anew"
    }
  }
}
