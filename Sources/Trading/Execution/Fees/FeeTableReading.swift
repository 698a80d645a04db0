// A table of fees as a file says it.

package import Market
package import Text

extension FeeTable {
  /// The table of a file that was read into the one JSON value (see `scripts/configurations/fees`).
  ///
  /// An object of `name` and `fees`; `fees` has every `Fee` by its key, each a list of rows `{from, until, dollars, below, source}`: `from` and
  /// `until` as YYYY-MM-DD, `dollars` with at most six decimals, and for the fees by premium `below`, a list of `{premium, dollars}` with rising premiums
  /// in dollars a unit, of at most four decimals.
  package init(_ json: JSON, source: String) throws(FeeTableError) {
    guard let members = json.objectValue else { throw .noTable(source: source, found: "it is \(json.kindName)") }
    for key in members.keys.sorted() where key != "name" && key != "fees" {
      throw .noTable(source: source, found: "it has '\(PrintableText.of(key, longest: 40))'")
    }
    guard let name = members["name"]?.stringValue, !name.isEmpty else {
      throw .noTable(source: source, found: "its name is missing or no text")
    }
    guard let fees = members["fees"]?.objectValue else {
      throw .noTable(source: source, found: "its fees are missing or no table")
    }
    var rows: [Fee: [FeeRow]] = [:]
    for key in fees.keys.sorted() {
      guard let fee = Fee(rawValue: key) else {
        let nearest = NearestName.of(key, among: Fee.allCases.map { $0.rawValue })
        throw .unknown(PrintableText.of(key, longest: 40), nearest: nearest, source: source)
      }
      guard let list = fees[key]?.arrayValue else { throw .noRows(fee, source: source) }
      var read: [FeeRow] = []
      for (index, row) in list.enumerated() {
        read.append(try FeeTable.row(row, number: index + 1, of: fee, source: source))
      }
      rows[fee] = read
    }
    try self.init(name: name, rows: rows, source: source)
  }

  private static func row(_ json: JSON, number: Int, of fee: Fee, source: String) throws(FeeTableError) -> FeeRow {
    func refusal(_ problem: String) -> FeeTableError {
      .row(fee, number: number, problem: problem, source: source)
    }
    guard let members = json.objectValue else {
      throw refusal("is \(json.kindName); it must have 'dollars' and 'source'")
    }
    let known = ["from", "until", "dollars", "source"] + (fee.isByPremium ? ["below"] : [])
    for key in members.keys.sorted() where !known.contains(key) {
      throw refusal("has '\(PrintableText.of(key, longest: 40))'; a row of it has \(known.joined(separator: ", "))")
    }
    func date(_ key: String) throws(FeeTableError) -> CalendarDate? {
      guard let value = members[key] else { return nil }
      guard let text = value.stringValue, let date = CalendarDate(text) else {
        throw refusal("has a '\(key)' that is no date; write it as 2025-03-03")
      }
      return date
    }
    guard let text = members["source"]?.stringValue, !text.isEmpty else {
      throw refusal("does not say where it is known from; add 'source'")
    }
    func amount(_ value: JSON?, _ what: String) throws(FeeTableError) -> Int64 {
      guard let dollars = value?.doubleValue else { throw refusal("has no \(what); add a number of dollars") }
      guard (0...Fee.mostDollarsOfAll).contains(dollars) else {
        throw refusal("has \(what) of \(dollars); it must be between 0 and \(Int(fee.mostDollars))")
      }
      let rounded = MicroDollars.rounded(dollars)
      // Both are the nearest double of the same decimal number exactly where it has no more than six decimals.
      guard Double(rounded) / 1e6 == dollars else {
        throw refusal("has \(what) of \(dollars), finer than a millionth of a dollar; round it")
      }
      return rounded
    }
    let base = try amount(members["dollars"], "'dollars'")
    var tiers: [(premium: Int, rate: Int64)] = []
    if let below = members["below"] {
      guard let list = below.arrayValue, list.count <= PremiumRate.mostBounds else {
        throw refusal("has a 'below' that is no list of at most \(PremiumRate.mostBounds) premiums with dollars")
      }
      for tier in list {
        guard let fields = tier.objectValue, fields.keys.sorted() == ["dollars", "premium"] else {
          throw refusal("has a 'below' whose entries are not each a premium and dollars")
        }
        let premium = try amount(fields["premium"], "a premium")
        guard premium % Money.microDollarsPerTick == 0, premium > 0 else {
          throw refusal(
            "has a premium of \(MicroDollars.decimal(premium)); it must be positive, with at most four decimals")
        }
        let bound = Int(premium / Money.microDollarsPerTick)
        if let last = tiers.last, bound <= last.premium { throw refusal("has premiums that do not rise") }
        tiers.append((bound, try amount(fields["dollars"], "'dollars' below a premium")))
      }
    }
    return FeeRow(from: try date("from"), until: try date("until"), PremiumRate(base, below: tiers), source: text)
  }
}

extension Fee {
  /// No fee is more, and no premium that a bound may lie at.
  static let mostDollarsOfAll = 1000.0
}
