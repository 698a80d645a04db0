// What a file leaves open, the flag that says it, and what may be said.

package import Market

/// A question about one file.
package struct ImportQuestion: Sendable, Equatable {
  package var path: String
  package var words: String
  /// The flag that answers it without being asked.
  package var flag: String
  /// What may be answered.
  package var choices: [String]

  fileprivate init(_ words: String, flag: String, choices: [String]) {
    path = ""
    self.words = words
    self.flag = flag
    self.choices = choices
  }

  init(path: String, _ question: ImportQuestion) {
    self = question
    self.path = path
  }
}

extension TableProblem {
  /// The question whose answer would solve the problem; nil where the data are wrong.
  var question: ImportQuestion? {
    switch self {
    case .noZone(let evidence):
      ImportQuestion(
        "Of which clock are its times? (\(evidence))", flag: "zone", choices: StampZone.allCases.map(\.rawValue))
    case .noSide(let evidence):
      ImportQuestion(
        "Is a stamp the start or the end of its minute? (\(evidence))", flag: "stamp",
        choices: StampSide.allCases.map(\.rawValue))
    case .decimalOrThousands:
      ImportQuestion("What stands before decimals?", flag: "decimal", choices: ["point", "comma"])
    case .dayOrMonth(let found):
      ImportQuestion("What comes first in '\(found)'?", flag: "dates", choices: ["day-first", "month-first"])
    default: nil
    }
  }
}

extension BarDeclarations {
  static let flags = ["layout", "columns", "zone", "stamp", "adjusted", "decimal", "dates", "price-divisor"]

  private static let divisors = [10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000]

  /// What a flag may be.
  static func expected(_ flag: String) -> String {
    switch flag {
    case "layout": "one of " + BarLayout.all.map(\.name).joined(separator: ", ")
    case "columns":
      "names of \(BarColumn.declarable.map(\.word).joined(separator: ", ")), separated by commas, with a date and all four prices"
    case "zone": "one of " + StampZone.allCases.map(\.rawValue).joined(separator: ", ")
    case "stamp": "start or end"
    case "adjusted": "none, splits or all"
    case "decimal": "point or comma"
    case "price-divisor": "a power of ten from 10 to 1000000000"
    default: "day-first or month-first"
    }
  }

  /// Takes what a flag says; false where it may not say that.
  mutating func take(_ text: String, for flag: String) -> Bool {
    switch flag {
    case "layout":
      layout = BarLayout.named(text)
      return layout != nil
    case "columns":
      let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let known = BarColumn.declarable.map(\.word)
      let distinct = words.filter { $0 != BarColumn.ignored.word }
      let required: [BarColumn] = [.stamp, .open, .high, .low, .close]
      guard words.allSatisfy(known.contains), Set(distinct).count == distinct.count,
        required.allSatisfy({ words.contains($0.word) })
      else { return false }
      columns = words
      return true
    case "zone":
      zone = StampZone(rawValue: text)
      return zone != nil
    case "stamp":
      side = StampSide(rawValue: text)
      return side != nil
    case "adjusted":
      adjustment = PriceAdjustment(rawValue: text)
      return adjustment != nil
    case "decimal":
      guard ["point", "comma"].contains(text) else { return false }
      isDecimalComma = text == "comma"
      return true
    case "price-divisor":
      guard let number = Int(text), let divisor = BarDeclarations.divisors.first(where: { $0 == number }) else {
        return false
      }
      priceDivisor = Double(divisor)
      return true
    case "dates":
      guard ["day-first", "month-first"].contains(text) else { return false }
      isDayFirst = text == "day-first"
      return true
    default: return false
    }
  }
}

/// Which bars of what was read are taken.
package struct BarCut: Sendable, Equatable {
  package var from: CalendarDate?
  package var until: CalendarDate?
  /// The dates alone that all series have.
  package var isCommon: Bool

  package init(from: CalendarDate? = nil, until: CalendarDate? = nil, isCommon: Bool = false) {
    self.from = from
    self.until = until
    self.isCommon = isCommon
  }

  /// Takes the bars between the dates. Returns what was left out, a line for each series that lost bars.
  func applyDates(to series: inout SeriesShelf) throws(StorageError) -> [String] {
    guard from != nil || until != nil else { return [] }
    return try keep(in: &series) { date in from.map { $0 <= date } ?? true && until.map { date <= $0 } ?? true }
  }

  /// Takes the dates that all series have, where that is asked for.
  func applyCommon(to series: inout SeriesShelf) throws(StorageError) -> [String] {
    guard isCommon, series.count > 0 else { return [] }
    var common = Set(try series.series(0).dates)
    for place in series.indices.dropFirst() { common.formIntersection(try series.series(place).dates) }
    return try keep(in: &series, common.contains)
  }

  private func keep(
    in series: inout SeriesShelf, _ isTaken: (CalendarDate) -> Bool
  ) throws(StorageError) -> [String] {
    var lines: [String] = []
    for place in series.indices {
      let one = try series.series(place)
      let rows = one.dates.indices.filter { isTaken(one.dates[$0]) }
      guard let first = rows.first, let last = rows.last else {
        throw .symbols(path: one.symbol, problem: .noneLeft(one.symbol))
      }
      if rows.count < one.count {
        lines.append(
          "took \(rows.count) of \(one.count) bars of \(one.symbol), \(one.dates[first]) to \(one.dates[last])")
        try series.replace(place, with: one.rows(rows))
      }
    }
    return lines
  }
}
