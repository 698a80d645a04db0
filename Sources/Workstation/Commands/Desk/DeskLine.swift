// One line of a scripted day: a JSON object, with every key checked.

import Market
import Text
import Trading

/// What is wrong with a scripted day, and in which line.
package struct DeskScriptError: Error, Equatable, CustomStringConvertible {
  package let path: String
  /// From 1; nil where the file as a whole is meant.
  package let line: Int?
  package let problem: String

  package var description: String {
    PrintableText.sentence(path + (line.map { ", line \($0)" } ?? "") + ": " + problem)
  }
}

/// The members of a line, read one by one.
struct DeskLine {
  let path: String
  let number: Int
  let members: [String: JSON]

  /// What a line is about: the key that is in it and in no other kind of line.
  enum Kind: String, CaseIterable {
    case session, quote, price, order, cancel, opening, close, dividend, split, payment
    case volatilityRank = "volatility_rank"
    case averageTrueRange = "average_true_range"
    case restart

    /// Keys of orders whose contract is chosen when they are sent.
    static let selecting = [
      "selects", "right", "delta", "most_spread", "least_volume", "least_open_interest", "highest_rank",
    ]

    /// The keys beside its own.
    var keys: [String] {
      switch self {
      case .session, .volatilityRank: []
      case .quote:
        [
          "time", "bid", "ask", "bid_size", "ask_size", "lowest_ask", "highest_bid", "volume", "open_interest",
          "filled_forward",
        ]
      case .price: ["time", "dollars"]
      case .order:
        [
          "time", "opens", "closes", "of", "quantity", "limit", "stop", "aggressive", "chase", "give_up", "changes",
          "exit",
        ] + Kind.selecting
      case .cancel, .restart: ["time"]
      case .opening, .close, .dividend, .payment, .averageTrueRange: ["dollars"]
      case .split: ["becomes", "of"]
      }
    }
  }

  /// The range of a number of contracts that are quoted, traded or open.
  static let counts = 0...Int(Int32.max)

  init(_ bytes: ArraySlice<UInt8>, number: Int, path: String) throws(DeskScriptError) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(Array(bytes), maximumDepth: 8, maximumBytes: 1 << 20)
    } catch {
      throw DeskScriptError(path: path, line: number, problem: "\(error)")
    }
    guard let members = json.objectValue else {
      throw DeskScriptError(
        path: path, line: number,
        problem: "it is \(json.kindName); every line must be an object such as {\"session\": \"2025-12-11\"}")
    }
    (self.path, self.number, self.members) = (path, number, members)
  }

  func refusal(_ problem: String) -> DeskScriptError { DeskScriptError(path: path, line: number, problem: problem) }

  /// The one kind that its keys make it.
  func kind() throws(DeskScriptError) -> Kind {
    let kinds = Kind.allCases.filter { members[$0.rawValue] != nil }
    guard let kind = kinds.first else {
      let all = Kind.allCases.map { $0.rawValue }
      throw refusal("nothing says what it is about; it needs one of \(all.joined(separator: ", "))")
    }
    guard kinds.count == 1 else {
      throw refusal("it has \(kinds.map { "'\($0.rawValue)'" }.joined(separator: " and ")); write a line for each")
    }
    for key in members.keys.sorted() where key != kind.rawValue && !kind.keys.contains(key) {
      let nearest = NearestName.of(key, among: kind.keys).map { "; did you mean '\($0)'?" } ?? ""
      let article = kind.rawValue.first.map { "aeiou".contains($0) } == true ? "an" : "a"
      let known = kind.keys.isEmpty ? "nothing else" : kind.keys.joined(separator: ", ")
      throw refusal(
        "'\(PrintableText.name(key))' is no key of \(article) \(kind.rawValue)\(nearest.isEmpty ? "; it may have \(known)" : nearest)"
      )
    }
    return kind
  }

  func has(_ key: String) -> Bool { members[key] != nil }

  func needed(_ key: String) throws(DeskScriptError) -> JSON {
    guard let value = members[key] else { throw refusal("'\(key)' is missing") }
    return value
  }

  func text(_ key: String) throws(DeskScriptError) -> String {
    guard let text = try needed(key).stringValue else {
      throw refusal("'\(key)' is \(try needed(key).kindName); it must be text")
    }
    return text
  }

  func date(_ key: String) throws(DeskScriptError) -> CalendarDate {
    let text = try text(key)
    guard let date = CalendarDate(text) else {
      throw refusal("'\(key)' is '\(PrintableText.name(text))'; it must be a date such as 2025-12-11")
    }
    return date
  }

  func whole(_ key: String, _ range: ClosedRange<Int>) throws(DeskScriptError) -> Int {
    guard case .integer(let value) = try needed(key), let number = Int(exactly: value), range.contains(number) else {
      throw refusal(
        "'\(key)' is \(PrintableText.name(try needed(key).text)); it must be a whole number from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return number
  }

  /// A number of dollars with at most so many decimals, in units of the last one.
  func decimal(_ key: String, decimals: Int, _ range: ClosedRange<Double>) throws(DeskScriptError) -> Int {
    let value = try needed(key)
    guard let number = value.doubleValue, range.contains(number) else {
      throw refusal(
        "'\(key)' is \(PrintableText.name(value.text)); it must be a number from \(ReportNumber.text(range.lowerBound)) to \(ReportNumber.text(range.upperBound))"
      )
    }
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    let whole = (number * scale).rounded()
    // Both are the nearest double of one decimal number where it has no more decimals.
    guard whole / scale == number else {
      throw refusal("'\(key)' is \(PrintableText.name(value.text)); it may have \(decimals) decimals")
    }
    return Int(whole)
  }

  /// A price in ten-thousandths of a dollar.
  func price(_ key: String) throws(DeskScriptError) -> Int {
    try decimal(key, decimals: 4, 0...DeskLine.mostDollars)
  }

  static let mostDollars = Double(Order.mostPrice / TickRule.perDollar)

  /// The minute of a session that ends at the line's time.
  func minute() throws(DeskScriptError) -> Int {
    let text = try text("time")
    guard let minute = ExchangeMoment.minuteOfDay(text) else {
      throw refusal("'time' is '\(PrintableText.name(text))'; it must be a time in New York such as 10:01")
    }
    return minute - TradingCalendar.xnys.openMinute - 1
  }

  func flag(_ key: String) throws(DeskScriptError) -> Bool {
    guard let value = members[key] else { return false }
    guard case .bool(let flag) = value else { throw refusal("'\(key)' is \(value.kindName); it must be true or false") }
    return flag
  }

  /// The contract of a symbol.
  func contract(
    _ symbol: String, known: [String: TradedContract], _ deliverables: [DeclaredDeliverable]
  ) throws(DeskScriptError) -> TradedContract {
    if let contract = known[symbol] { return contract }
    if DeskLine.isShare(symbol) {
      guard !ContractTerms.of(root: symbol).isCashSettled else {
        throw refusal("\(symbol) is an index, which nobody trades; name one of its options, or write its 'price'")
      }
      return TradedContract(share: symbol)
    }
    let option: OptionContract
    do throws(OptionSymbolError) {
      option = OptionContract(try OptionSymbol(symbol))
    } catch {
      throw refusal(
        "'\(PrintableText.name(symbol))' is neither a share nor an option symbol such as SPY251211C00600000: \(error.reason.rawValue)"
      )
    }
    let declared = deliverables.first { $0.root == option.root }
    guard let contract = TradedContract(option, deliverable: declared) else {
      throw refusal(
        option.isStandard || declared != nil
          ? "\(symbol) expires on \(option.expiry), on which no contract does"
          : "\(symbol) is a contract that a corporate action has changed, and nobody has said what it delivers: import its chain with --deliverable, and give that store with --store"
      )
    }
    return contract
  }

  /// One to six capital letters, a point between them allowed.
  static func isShare(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...6).contains(bytes.count), let first = bytes.first, (65...90).contains(first) else { return false }
    return bytes.allSatisfy { (65...90).contains($0) || $0 == UInt8(ascii: ".") }
  }

  func share(_ key: String) throws(DeskScriptError) -> String {
    let name = try text(key)
    guard DeskLine.isShare(name) else {
      throw refusal("'\(key)' is '\(PrintableText.name(name))'; it must be the name of a share or an index such as SPY")
    }
    return name
  }
}

/// Bounds in sentences.
enum ReportNumber {
  static func text(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }
}
