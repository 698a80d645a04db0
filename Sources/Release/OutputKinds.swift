// The kinds of files that this room's results are written as, where a user says where.

private import Inference
package import Storage

extension OutputKind {
  package static let policyBundle = OutputKind("a policy bundle") { PolicyBundle.isBeginning($0) }

  /// Lines that `strikeforge-serve once` reads.
  package static let observations = OutputKind("lines of observations") { $0.starts(with: "{\"observation\":".utf8) }

  /// A number a line.
  package static let actions = OutputKind("lines of actions") { bytes in
    bytes.allSatisfy { (48...57).contains($0) || $0 == 10 }
  }
}
