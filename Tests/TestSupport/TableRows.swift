// Rows for the tables that tests fill: proofs, which `scripts/test --slow` puts into benchmarks/proofs.md, and parity, of `scripts/parity`.

import Glibc

package enum ProofTable {
  /// Adds a row to the file that the environment variable STRIKEFORGE_PROOFS names; does nothing where there is none.
  ///
  /// `proof`: what is claimed, its group first (`learning: ...`, `resume: ...`), since the rows are sorted by it. `figure`: what was found.
  /// `threshold`: what must hold. `seeds`: which were played, or `-`. `holds`: whether the figure is on the right side. The caller still expects it.
  package static func record(_ proof: String, figure: String, threshold: String, seeds: String, holds: Bool) {
    addRow([proof, figure, threshold, seeds, holds ? "yes" : "NO"], variable: "STRIKEFORGE_PROOFS")
  }
}

package enum ParityTable {
  /// Adds a row to the file that the environment variable STRIKEFORGE_PARITY names; does nothing where there is none.
  ///
  /// `name`: the golden case. `updates`: how many were made before its parameters were compared. `worst`: the one that is farthest off.
  package static func record(_ name: String, updates: Int, worst: TensorError) {
    addRow([name, "\(updates)", "\(worst.error)", "\(worst.tolerance)", worst.tensor], variable: "STRIKEFORGE_PARITY")
  }
}

/// How far a tensor is from what was expected.
package struct TensorError: Sendable, Equatable {
  package var tensor: String
  /// The largest difference of a number.
  package var error: Double
  package var tolerance: Double
  package var ratio: Double { error / tolerance }

  /// Whichever is farther off, in tolerances.
  package func orWorse(_ other: TensorError) -> TensorError { other.ratio > ratio ? other : self }
}

/// One write, so that rows of tests that run side by side do not mix.
private func addRow(_ fields: [String], variable: String) {
  guard let path = getenv(variable) else { return }
  let line = Array((fields.joined(separator: "\t") + "\n").utf8)
  let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
  precondition(file >= 0, "cannot open \(String(cString: path)), which \(variable) names")
  precondition(write(file, line, line.count) == line.count, "cannot write to \(String(cString: path))")
  close(file)
}
