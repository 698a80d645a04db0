// What the columns of bar tables are called, and what they hold.

/// What a column of a table of bars holds.
enum BarColumn: Hashable, Sendable {
  case symbol
  /// A date, a date with a time, or an instant as a number.
  case stamp
  /// The time that belongs to a date in a column of its own.
  case time
  case open, high, low, close, volume, adjustedClose
  /// How many shares one became on that day; 0 and 1 where nothing happened.
  case splitFactor
  /// What was paid a share on that day; 0 where nothing was.
  case payment
  /// Nothing that is read.
  case ignored
  /// A column of the user's own, by its place among those that were asked for.
  case extra(Int)

  /// The word for it on the command line and in sentences.
  var word: String {
    switch self {
    case .symbol: "symbol"
    case .stamp: "date"
    case .time: "time"
    case .open: "open"
    case .high: "high"
    case .low: "low"
    case .close: "close"
    case .volume: "volume"
    case .adjustedClose: "adjusted-close"
    case .splitFactor: "split"
    case .payment: "dividend"
    case .ignored: "-"
    case .extra(let place): "extra \(place)"
    }
  }

  /// Those that `--columns` may name.
  static let declarable: [BarColumn] = [
    .symbol, .stamp, .time, .open, .high, .low, .close, .volume, .adjustedClose, .splitFactor, .payment,
    .ignored,
  ]

  /// A header's name as it is compared: without case, blanks and marks, and with one word where vendors have several.
  static func canonical(_ name: String) -> String {
    let plain = String(
      String.UnicodeScalarView(name.lowercased().unicodeScalars.filter { !" _-./*".unicodeScalars.contains($0) }))
    return synonyms[plain] ?? plain
  }

  private static let synonyms = [
    "date": "timestamp", "datetime": "timestamp", "tradedate": "timestamp", "symbol": "ticker", "name": "ticker",
    "root": "ticker", "closelast": "close", "closeprice": "close", "openprice": "open", "highprice": "high",
    "lowprice": "low", "vol": "volume", "adjustedclose": "adjclose", "average": "wap", "ndxdate": "timestamp",
  ]

  /// What a column of a canonical name holds, whoever wrote the file; nil for one that nobody knows.
  static func known(_ canonical: String) -> BarColumn? { vocabulary[canonical] }

  private static let vocabulary: [String: BarColumn] = {
    var words: [String: BarColumn] = [
      "ticker": .symbol, "timestamp": .stamp, "time": .time, "open": .open, "high": .high, "low": .low,
      "close": .close, "volume": .volume, "adjclose": .adjustedClose, "splitfactor": .splitFactor,
      "stocksplits": .splitFactor, "dividends": .payment, "divcash": .payment, "windowstart": .stamp, "tsevent": .stamp,
      "syntheticstart": .stamp,
    ]
    for name in [
      "vwap", "wap", "barcount", "tradecount", "transactions", "capitalgains", "adjopen",
      "adjhigh", "adjlow", "adjvolume", "rtype", "publisherid", "instrumentid",
    ] { words[name] = .ignored }
    return words
  }()
}
