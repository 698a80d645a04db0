// How a vendor writes option chains, as data: `Layouts` has one value a file, and the reader knows none of them.

package import Market

/// What a column of a table of options holds.
package enum ChainField: Hashable, Sendable {
  /// Which contract of a line a value is of: tables with a call and a put of one strike on a line have two.
  package enum Side: Hashable, Sendable {
    case row, call, put
  }

  /// A symbol of the clearing house.
  case symbol(Side)
  case underlying, root, expiry, right, strike
  /// The date of a quote alone; date and time; milliseconds since midnight.
  case date, stamp, millisecondOfDay
  /// `snapshot`: which of the moments of a line.
  case value(ChainColumn, Side, snapshot: Int)
  /// Both sizes as `10 x 12`.
  case sizes(Side)
  case openInterest(Side)
  case underlyingPrice(snapshot: Int)
  /// Bid and ask of the underlying, of which the middle is taken.
  case underlyingBid(snapshot: Int), underlyingAsk(snapshot: Int)
  /// Units a contract delivers; where a currency or a code of a changed deliverable stands.
  case multiplier, currency, deliveryCode
  /// When the contract traded last.
  case lastTrade
  /// Tells the layout, and is not read.
  case ignored

  static func row(_ column: ChainColumn) -> ChainField { .value(column, .row, snapshot: 0) }
  static func call(_ column: ChainColumn) -> ChainField { .value(column, .call, snapshot: 0) }
  static func put(_ column: ChainColumn) -> ChainField { .value(column, .put, snapshot: 0) }
}

/// Which minute a line's quotes belong to.
package enum ChainMoment: Hashable, Sendable {
  /// The minute that ends at the stamp, or holds it.
  case stampEnd
  /// The minute that begins at the stamp.
  case stampStart
  /// The last minute of the date's session.
  case close
  /// The minute that ends so many minutes before the close.
  case beforeClose(minutes: Int)
  /// What the lines above the header say: the minute that ends then, or where no session is open the last one before.
  case head
  /// The minute of the newest trade of the whole file.
  case newestTrade
}

/// A vendor's way of writing chains.
package struct ChainLayout: Sendable {
  /// What it is called in a store's provenance.
  package var name: String
  /// Who writes it.
  package var words: String
  /// By its name in the header, in small letters without brackets, `_` for blanks; a name that stands there a second time has `#2` behind it.
  package var columns: [String: ChainField]
  /// Those that may be missing.
  package var optional: Set<String> = []
  /// The moments of a line: most have one.
  package var moments: [ChainMoment]
  /// Of stamps that have no offset of their own.
  package var zone = StampZone.newYork
  /// What strikes are divided by.
  package var strikeDivisor = 1
  /// What prices that are whole numbers are divided by, where none in the file has decimals.
  package var wholePriceDivisor = 1
  package var declaration = ChainDeclaration()
  /// How the symbols of the first row must begin, where bars have the same columns.
  package var symbolPrefix: String?
  /// Whether a file holds several quotes of a minute, of which the last two-sided one is kept.
  package var keepsLast = false
  /// Whether a line without expiry and strike is of the underlying.
  package var hasUnderlyingRow = false
  /// Whether the date of all lines is the file's name, and the underlying its folder's.
  package var isDatedByName = false
  /// A contract that did not trade for so many days before the newest trade of the file has no quote of that time, and is left out; nil where quotes are fresh.
  package var staleDays: Int?
  /// Prices of trades alone: nobody says what could have been traded.
  package var isTradesOnly = false

  /// In the order in which they are tried; of several that fit, the one with the most columns is meant.
  package static let all: [ChainLayout] = [
    optionsDX, cboeDataShopEndOfDay, cboeDataShopInterval, cboeExport, thetaDataTwo, thetaDataThree, orats, doltHub,
    yahoo, deltaNeutral, longTable, leanUniverse, massiveAggregates, massiveQuotes, databentoQuotes, synthetic,
  ]

  /// How many of its columns a header has; nil where it lacks one that it must have.
  func matches(_ names: Set<String>) -> Int? {
    for name in columns.keys where !optional.contains(name) && !names.contains(name) { return nil }
    return columns.keys.count { names.contains($0) }
  }

  static func canonical(_ name: String) -> String {
    let bare = name.lowercased().filter { !"[]#\"".contains($0) }
    return bare.split(separator: " ").joined(separator: "_")
  }

  /// Canonical names, those that stand twice told apart.
  static func canonical(_ names: [String]) -> [String] {
    var counts: [String: Int] = [:]
    return names.map { name in
      let name = canonical(name)
      counts[name, default: 0] += 1
      return counts[name, default: 1] == 1 ? name : "\(name)#\(counts[name, default: 1])"
    }
  }
}
