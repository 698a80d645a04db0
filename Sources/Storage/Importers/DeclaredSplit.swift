// A split that the command line tells, and that no file did.

package import Market

/// `--split SYMBOL:DATE:FACTOR`.
package struct DeclaredSplit: Sendable, Equatable {
  package var symbol: String
  package var action: CorporateAction

  package init(symbol: String, action: CorporateAction) { (self.symbol, self.action) = (symbol, action) }

  /// Reads `AAPL:2014-06-09:7`; the factor, shares that one became, may also be written `3/2` or `1/8`. Nil for anything else, and for a factor of 1.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, CSVImporter.isSymbol(parts[0]), let date = CalendarDate(parts[1]),
      let factor = DeclaredSplit.factor(parts[2]), factor != 1, let action = CorporateAction(date: date, split: factor)
    else { return nil }
    (symbol, self.action) = (parts[0], action)
  }

  /// `7 for 1`, or `1.5 for 1`.
  static func words(_ factor: Double) -> String {
    (Int(exactly: factor).map { "\($0)" } ?? "\(factor)") + " for 1"
  }

  private static func factor(_ text: String) -> Double? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { number(String($0)) }
    switch parts.count {
    case 1: return parts[0]
    case 2: return parts[0].flatMap { above in parts[1].map { above / $0 } }
    default: return nil
    }
  }

  private static func number(_ text: String) -> Double? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) || $0 == UInt8(ascii: ".") }), let number = Double(text),
      number > 0, number.isFinite
    else { return nil }
    return number
  }

  /// Adjusts the series of their symbols. What a series knows already, by its file or its store, is said and not done twice.
  static func apply(
    _ splits: [DeclaredSplit], to series: inout SeriesShelf, path: String, tell: (String) -> Void
  ) throws(StorageError) {
    for split in splits {
      let places = series.indices.filter { series.symbols[$0] == split.symbol }
      guard !places.isEmpty else {
        throw .symbols(path: path, problem: .absent(requested: split.symbol, existing: series.symbols))
      }
      let (date, factor) = (split.action.date, split.action.split)
      for place in places {
        let label = series.label(place)
        if let known = label.actions.first(where: { $0.date == date }), known.split != 1 {
          guard abs(known.split / factor - 1) < 1e-6 else {
            throw .symbols(
              path: path, problem: .otherSplit(symbol: split.symbol, date: "\(date)", known: known.split, given: factor)
            )
          }
          tell("\(split.symbol): the split of \(date) is known already")
          continue
        }
        let payment = label.actions.first { $0.date == date }?.payment ?? 1
        var one = try series.series(place)
        one.adjust(for: [split.action])
        // One that was paid on that day stays known.
        if payment != 1, let both = CorporateAction(date: date, split: factor, payment: payment) {
          one.remember([both])
        }
        try series.replace(place, with: one)
        let before = one.dates.count { $0 < date }
        tell(
          "\(split.symbol): \(before) \(one.width == .minute ? "minute " : "")bars before \(date) adjusted for a split of "
            + DeclaredSplit.words(factor))
      }
    }
  }
}
