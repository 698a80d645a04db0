// How a vendor writes bars, as data: `Layouts` has one value a file, and the reader knows none of them.

package import Market

/// The clock that stamps without an offset are of.
package enum StampZone: String, Sendable, CaseIterable {
  case newYork = "new-york"
  case chicago
  case easternStandard = "est"
  case utc

  package var clock: WallClock {
    switch self {
    case .newYork: .newYork
    case .chicago: .chicago
    case .easternStandard: .easternStandard
    case .utc: .utc
    }
  }
}

/// Which end of a bar its stamp tells.
package enum StampSide: String, Sendable, CaseIterable {
  case start, end
}

/// What prices were adjusted for before they were written.
package enum PriceAdjustment: String, Sendable, CaseIterable {
  case none, splits, all

  package var words: String {
    switch self {
    case .none: "raw prices"
    case .splits: "adjusted for splits"
    case .all: "adjusted for splits and dividends"
    }
  }
}

/// A vendor's way of writing bars. What is nil the file itself must prove, or the user say.
package struct BarLayout: Sendable, Equatable {
  /// What it is called by `--layout` and in a store's provenance.
  package var name: String
  /// Who writes it.
  package var words: String
  /// Its columns: as a header spells them, in any order, or, without a header, in the order in which they stand (`-` for one that is not read).
  package var columns: [String]
  /// Those that may be missing.
  package var optionalColumns: [String] = []
  /// How rows look where no header names the columns; nil where one does.
  package var bareRow: BareRow?
  /// Of stamps that have no offset of their own.
  package var zone: StampZone?
  package var side: StampSide?
  package var adjustment: PriceAdjustment?
  /// What prices that are whole numbers are divided by, which rounds once.
  package var wholePriceDivisor = 1.0
  /// The number that stands where there is no price.
  package var undefinedPrice: Double?
  /// Whether a header of these columns alone tells the vendor; others are taken only where they are named.
  package var isRecognised = true
  /// Whether nothing but an index is written so: nobody can trade it.
  package var isOfIndex = false

  /// Rows without a header.
  package struct BareRow: Sendable, Equatable {
    package var delimiter: UInt8
    package var stamp: StampText
    /// Whether the date stands in the file's name alone, before its first `_`, and the symbol behind it.
    package var isNamedByFile = false
    /// Whether the file's own name, without its endings, is the symbol.
    package var isSymbolFileName = false
  }

  /// In the order in which they are tried.
  package static let all: [BarLayout] = [
    tickers, plain, synthetic, adjusted, index, tickersPlain, alpaca, massive, interactiveBrokers, yahooHistory, tiingo,
    databento,
    nasdaq, firstRate, kibot, histData, leanDaily, leanMinute, leanIndexMinute, alphaVantage,
  ]

  /// Those that a sentence about a header without a layout names.
  static let common: [BarLayout] = [plain, adjusted, index, tickers]

  package static func named(_ name: String) -> BarLayout? { all.first { $0.name == name } }

  /// Whether its header would have these canonical names, in any order.
  func hasHeader(of names: [String]) -> Bool {
    guard bareRow == nil else { return false }
    let found = Set(names)
    let wanted = Set(columns.map(BarColumn.canonical))
    return found.count == names.count && wanted.isSubset(of: found)
      && found.isSubset(of: wanted.union(optionalColumns.map(BarColumn.canonical)))
  }
}
