// Did you mean: the known name closest to an unknown one.

/// Finds the name that a typing error probably meant.
package enum NearestName {
  private static let longest = 100
  /// A shorter beginning is one of too many names.
  private static let shortestBeginning = 4

  /// The known name of the smallest edit distance (the first of equals), where no more than a third of what was written must change; else the only one that
  /// has the same words in another order, or that begins with what was written; nil where none is near.
  ///
  /// Sections that both have in front, with a dot behind them, count for nothing: `environment.a` is not near `environment.b` because of them.
  package static func of(_ unknown: String, among known: some Sequence<String>) -> String? {
    // Nobody mistypes that much, and the distance of long texts takes long.
    guard !unknown.isEmpty, unknown.utf8.count <= longest else { return nil }
    var best: (name: String, distance: Int)?
    var alike: [String] = []
    for name in known {
      let (written, meant) = withoutCommonSections(unknown, name)
      let distance = editDistance(written, meant)
      if distance <= max(1, written.count / 3), distance < max(written.count, 2), distance < best?.distance ?? Int.max {
        best = (name, distance)
      }
      let begins = written.count >= shortestBeginning && meant.hasPrefix(written)
      if begins || words(written) == words(meant) { alike.append(name) }
    }
    return best?.name ?? (alike.count == 1 ? alike[0] : nil)
  }

  /// Insertions, deletions, replacements and exchanges of neighbours that turn `a` into `b`. Sources: Wagner and Fischer 1974; the exchange after
  /// Damerau 1964, each place edited once.
  package static func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.prefix(256)), Array(b.prefix(256)))
    var before: [Int] = []
    var row = Array(0...b.count)
    for i in a.indices {
      var next = [i + 1] + [Int](repeating: 0, count: b.count)
      for j in b.indices {
        let replaced = row[j] + (a[i] == b[j] ? 0 : 1)
        next[j + 1] = min(replaced, row[j + 1] + 1, next[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { next[j + 1] = min(next[j + 1], before[j - 1] + 1) }
      }
      (before, row) = (row, next)
    }
    return row[b.count]
  }

  private static func withoutCommonSections(_ a: String, _ b: String) -> (String, String) {
    var (first, second) = (a.split(separator: ".")[...], b.split(separator: ".")[...])
    while first.count > 1, second.count > 1, first.first == second.first {
      first.removeFirst()
      second.removeFirst()
    }
    return (first.joined(separator: "."), second.joined(separator: "."))
  }

  private static func words(_ name: String) -> [Substring] { name.split { "_-.".contains($0) }.sorted() }
}
