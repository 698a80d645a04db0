// Quotes of options with the volatility that whoever sold them computed, in the layouts of those who did.

import FoundationEssentials
import Market
import Pricing
import Storage

/// One option at one moment.
struct VendorQuote {
  var root: String
  var day, expiry: CalendarDate
  var side: OptionSide
  var strike, bid, ask: Double
  /// What the vendor says; 0 where it says nothing.
  var volatility: Double
  /// Of the underlying; nil where the file does not hold it.
  var spot: Double?

  /// Roots whose options of a third Friday are settled on the opening prices.
  var settlesAtOpen: Bool { root == "SPX" }
}

/// A table's lines, cut at commas. None of these files has a comma inside a field of an option.
enum VendorLayout {
  /// A call and a put of a strike on one line, behind three lines of head.
  case twoSided(day: String)
  /// A contract a line with its names in the first line.
  case named(symbol: String, day: String?, volatility: String, spot: String)
  /// A contract a line: expiry, strike, right, open, high, low, close, volume, open interest, volatility. The close stands for bid and ask.
  case closes(root: String, day: String, spot: Double?)

  func quotes(_ path: String) throws -> [VendorQuote] {
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    if Gzip.isCompressed(bytes) { bytes = try Gzip.inflate(bytes, path: path, limitBytes: 1 << 28) }
    let lines = bytes.split(separator: 10).map { line in
      line.split(separator: 44, omittingEmptySubsequences: false).map { field in
        String(decoding: field.last == 13 ? field.dropLast() : field, as: UTF8.self)
      }
    }
    return switch self {
    case .twoSided(let day): Self.twoSided(lines, day)
    case .named(let symbol, let day, let volatility, let spot): Self.named(lines, symbol, day, volatility, spot)
    case .closes(let root, let day, let spot): Self.closes(lines, root, day, spot)
    }
  }

  private static func twoSided(_ lines: [[String]], _ day: String) -> [VendorQuote] {
    guard let day = CalendarDate(day) else { return [] }
    return lines.flatMap { fields -> [VendorQuote] in
      guard fields.count >= 22 else { return [] }
      return [1, 12].compactMap { start in
        guard let symbol = try? OptionSymbol(fields[start]), let bid = Double(fields[start + 3]),
          let ask = Double(fields[start + 4]), let volatility = Double(fields[start + 6])
        else { return nil }
        return VendorQuote(symbol, day: day, bid: bid, ask: ask, volatility: volatility)
      }
    }
  }

  private static func named(
    _ lines: [[String]], _ symbolName: String, _ fixedDay: String?, _ volatilityName: String, _ spotName: String
  ) -> [VendorQuote] {
    guard let head = lines.first else { return [] }
    func place(_ name: String) -> Int? { head.firstIndex(of: name) }
    guard let symbolPlace = place(symbolName), let bidPlace = place("bid"), let askPlace = place("ask"),
      let volatilityPlace = place(volatilityName), let spotPlace = place(spotName)
    else { return [] }
    let dayPlace = place("quotedate")
    return lines.dropFirst().compactMap { fields in
      guard fields.count == head.count, let symbol = try? OptionSymbol(fields[symbolPlace]),
        let day = (fixedDay ?? dayPlace.map { fields[$0] }).flatMap({ CalendarDate($0) }),
        let bid = Double(fields[bidPlace]), let ask = Double(fields[askPlace]),
        let volatility = Double(fields[volatilityPlace])
      else { return nil }
      return VendorQuote(symbol, day: day, bid: bid, ask: ask, volatility: volatility, spot: Double(fields[spotPlace]))
    }
  }

  private static func closes(_ lines: [[String]], _ root: String, _ day: String, _ spot: Double?) -> [VendorQuote] {
    guard let day = CalendarDate(day) else { return [] }
    // The line without an expiry is that of the underlying.
    let known = spot ?? lines.first { $0.count > 6 && $0[0].isEmpty }.flatMap { Double($0[6]) }
    return lines.compactMap { fields in
      guard fields.count > 9, fields[0].utf8.count == 8, let date = Int(fields[0]),
        let expiry = CalendarDate(year: date / 10_000, month: date / 100 % 100, day: date % 100),
        let strike = Double(fields[1]), let close = Double(fields[6]), let volatility = Double(fields[9])
      else { return nil }
      return VendorQuote(
        root: root, day: day, expiry: expiry, side: fields[2] == "C" ? .call : .put, strike: strike, bid: close,
        ask: close, volatility: volatility, spot: known)
    }
  }
}

extension VendorQuote {
  init(_ symbol: OptionSymbol, day: CalendarDate, bid: Double, ask: Double, volatility: Double, spot: Double? = nil) {
    self.init(
      root: symbol.root, day: day, expiry: symbol.expiry, side: symbol.right == .call ? .call : .put,
      strike: symbol.strike, bid: bid, ask: ask, volatility: volatility, spot: spot)
  }
}
