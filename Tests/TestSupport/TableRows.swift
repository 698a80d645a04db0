// Rows for the table of proofs, which `scripts/test --slow` puts into benchmarks/proofs.md.

import Glibc

package enum ProofTable {
  /// Adds a row to the file that the environment variable STRIKEFORGE_PROOFS names; does nothing where there is none.
  ///
  /// `proof`: what is claimed, its group first (`learning: ...`, `resume: ...`), since the rows are sorted by it. `figure`: what was found.
  /// `threshold`: what must hold. `seeds`: which were played, or `-`. `holds`: whether the figure is on the right side. The caller still expects it.
  package static func record(_ proof: String, figure: String, threshold: String, seeds: String, holds: Bool) {
    guard let path = getenv("STRIKEFORGE_PROOFS") else { return }
    let fields = [proof, figure, threshold, seeds, holds ? "yes" : "NO"]
    let line = Array((fields.joined(separator: "\t") + "\n").utf8)
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
    precondition(file >= 0, "cannot open \(String(cString: path)), which STRIKEFORGE_PROOFS names")
    // One write, so that rows of tests that run side by side do not mix.
    precondition(write(file, line, line.count) == line.count, "cannot write to \(String(cString: path))")
    close(file)
  }
}
