// What a file is of, by its name or its first row.

import Text

/// What the names of files say that hold a day or a symbol each.
struct FileName {
  /// Without folders, the archive that it lies in, and its endings.
  private let stem: String

  init(_ path: String) {
    let name = FileSystem.split(path).name
    let inner = name.split(separator: ":").last.map(String.init) ?? name
    stem = String(inner.prefix { $0 != "." })
  }

  private var parts: [String] { stem.split(separator: "_").map(String.init) }

  /// `20230803_spy_minute_trade`: the date's midnight in nanoseconds since 1970, and the symbol.
  var dated: (date: Int64, symbol: String)? {
    guard parts.count >= 2, parts[0].utf8.count == 8, let stamp = StampText.compact.read(Array(parts[0].utf8)[...]),
      CSVImporter.isSymbol(parts[1].uppercased())
    else { return nil }
    return (stamp.local, parts[1].uppercased())
  }

  var symbol: String? {
    let name = stem.uppercased()
    return CSVImporter.isSymbol(name) ? name : nil
  }

  /// What a file is of that LEAN names as something else than trades; nil where its name says nothing.
  var otherThanBars: String? {
    if parts.contains("american") || parts.contains("european") { return "options" }
    if parts.contains("quote") { return "quotes" }
    return parts.contains("openinterest") ? "open interest" : nil
  }
}

extension TableHead {
  /// What a row of LEAN's further files is of: `20000620,0.8613657,0.00892857,101` or `19990310,qqq,Q`.
  static func ofLEAN(_ row: [String]) -> String? {
    guard let date = row.first, date.utf8.count == 8, StampText.compact.read(Array(date.utf8)[...]) != nil else {
      return nil
    }
    let isNumber = row.dropFirst().map { text in
      if case .value = DecimalNumber.parse(Array(text.utf8)[...]) { true } else { false }
    }
    switch isNumber {
    case [true, true, true]: return "a factor file, the splits and dividends of a share"
    case [false, false] where CSVImporter.isSymbol(row[1]): return "a map file, the names of a share"
    default: return nil
    }
  }
}
