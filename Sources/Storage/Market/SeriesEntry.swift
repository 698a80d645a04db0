// What a market store says of a series before its numbers are read.

package import Market
import Text

/// One line of a store's catalogue.
package struct SeriesEntry: Sendable, Equatable {
  package var symbol: String
  package var instrument: Instrument
  package var width: BarWidth
  /// Whether these are the bars before the opening and after the close, which lie apart from those of the sessions.
  package var isExtendedHours: Bool
  package var count: Int
  /// The dates of its first and its last row, in the order of the rows; nil where there is none.
  package var firstDate: CalendarDate?
  package var lastDate: CalendarDate?
  package var extraColumns: [String]
  /// SHA-256 of the series, as 64 hexadecimal digits: see `SeriesColumns.digest`.
  package var digest: String

  init(_ series: BarSeries, isExtendedHours: Bool) {
    symbol = series.symbol
    instrument = series.instrument
    width = series.width
    self.isExtendedHours = isExtendedHours
    count = series.count
    firstDate = series.dates.first
    lastDate = series.dates.last
    extraColumns = series.extra.map(\.name)
    digest = SeriesColumns.digest(series, isExtendedHours: isExtendedHours)
  }

  /// The groups that series lie in, each below one for its width and hours.
  static let folders = ["bars", "minutes", "extended"]

  /// Where in the file it lies.
  var folder: String { width == .session ? "bars" : isExtendedHours ? "extended" : "minutes" }
  var place: String { folder + "/" + symbol }

  var json: JSON {
    func day(_ date: CalendarDate?) -> JSON { date.map { .integer(Int64($0.daysSinceEpoch)) } ?? .null }
    return .object([
      "symbol": .string(symbol), "instrument": .string(instrument.rawValue), "width": .string(width.rawValue),
      "extended_hours": .bool(isExtendedHours), "bars": .integer(Int64(count)), "first_day": day(firstDate),
      "last_day": day(lastDate), "extra_columns": .array(extraColumns.map { .string($0) }), "digest": .string(digest),
    ])
  }

  /// Nil if the value is not of the form that `json` writes, or names what no store holds.
  init?(json: JSON) {
    func day(_ name: String) -> CalendarDate?? {
      guard let value = json[name] else { return nil }
      if value.isNull { return .some(nil) }
      return value.integerValue.flatMap { Int32(exactly: $0) }.map { .some(CalendarDate(daysSinceEpoch: $0)) } ?? nil
    }
    guard let symbol = json["symbol"]?.stringValue, CSVImporter.isSymbol(symbol),
      let instrument = json["instrument"]?.stringValue.flatMap(Instrument.init(rawValue:)),
      let width = json["width"]?.stringValue.flatMap(BarWidth.init(rawValue:)),
      let isExtendedHours = json["extended_hours"]?.boolValue, let count = json["bars"]?.integerValue, count >= 0,
      let first = day("first_day"), let last = day("last_day"),
      let extra = QualityRecord.all(json["extra_columns"], { $0.stringValue }), extra.allSatisfy(ExtraColumn.isName),
      Set(extra).count == extra.count, let digest = json["digest"]?.stringValue, !isExtendedHours || width == .minute
    else { return nil }
    self.symbol = symbol
    self.instrument = instrument
    self.width = width
    self.isExtendedHours = isExtendedHours
    self.count = count
    firstDate = first
    lastDate = last
    extraColumns = extra
    self.digest = digest
  }
}
