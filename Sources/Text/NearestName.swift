// Did you mean: the known name closest to an unknown one.

/// Finds the name that a typing error probably meant.
package enum NearestName {
  private static let longest = 100

  /// The known name of the smallest edit distance (the first of equals); nil where none is closer than half its own length.
  package static func of(_ unknown: String, among known: some Sequence<String>) -> String? {
    // Nobody mistypes that much, and the distance of long texts takes long.
    guard unknown.utf8.count <= longest else { return nil }
    var best: (name: String, distance: Int)?
    for name in known {
      let distance = editDistance(unknown, name)
      guard distance <= max(1, name.count / 2), distance < best?.distance ?? Int.max else { continue }
      best = (name, distance)
    }
    return best?.name
  }

  /// Insertions, deletions and replacements that turn `a` into `b`. Source: Wagner and Fischer 1974.
  package static func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.prefix(256)), Array(b.prefix(256)))
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
