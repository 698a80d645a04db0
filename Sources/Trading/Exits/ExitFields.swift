// Reading stored plans strictly: each key once, nothing unknown, numbers without rounding.

package import Text

/// The members of a JSON object, each taken once. `place` begins every sentence.
struct ExitFields {
  let place: String
  private var rest: [String: JSON]
  private let known: [String]

  init(_ value: JSON, place: String, known: [String]) throws(ExitPlanError) {
    guard let members = value.objectValue else {
      throw .malformed("\(place) is \(value.kindName); write an object")
    }
    for key in members.keys.sorted() where !known.contains(key) {
      let hint = NearestName.of(key, among: known).map { "; did you mean '\($0)'?" } ?? ""
      throw .malformed(
        "\(place) has the unknown key '\(PrintableText.name(key))'\(hint)"
          + (hint.isEmpty ? "; known are \(known.joined(separator: ", "))" : ""))
    }
    self.place = place
    self.known = known
    rest = members
  }

  func has(_ key: String) -> Bool { rest[key] != nil }

  func isNull(_ key: String) -> Bool { rest[key]?.isNull ?? false }

  func value(_ key: String) throws(ExitPlanError) -> JSON {
    guard let value = rest[key] else { throw .malformed("\(place) has no '\(key)'; write it") }
    return value
  }

  func integer(_ key: String) throws(ExitPlanError) -> Int {
    guard let number = try value(key).integerValue else { throw wrong(key, "a whole number") }
    return number
  }

  func text(_ key: String) throws(ExitPlanError) -> String {
    guard let text = try value(key).stringValue else { throw wrong(key, "text") }
    return text
  }

  func array(_ key: String) throws(ExitPlanError) -> [JSON] {
    guard let values = try value(key).arrayValue else { throw wrong(key, "an array") }
    return values
  }

  /// A number of at most two decimals in whole hundredths: percent in basis points.
  func percent(_ key: String) throws(ExitPlanError) -> Int {
    try scaled(key, by: 100, "a number of at most two decimals")
  }

  /// A number of at most four decimals in whole ten-thousandths: dollars as prices are counted.
  func price(_ key: String) throws(ExitPlanError) -> Int {
    try scaled(key, by: 10_000, "a number of at most four decimals")
  }

  private func scaled(_ key: String, by scale: Double, _ words: String) throws(ExitPlanError) -> Int {
    guard let number = try value(key).doubleValue, abs(number) <= 1e9 else { throw wrong(key, words + ", below 1e9") }
    // The nearest double to a number of so few decimals is the only one that reads back as it.
    let whole = (number * scale).rounded()
    guard whole / scale == number else { throw wrong(key, words) }
    return Int(whole)
  }

  private func wrong(_ key: String, _ words: String) -> ExitPlanError {
    .malformed("\(place): '\(key)' is \(PrintableText.name(rest[key]?.text ?? "missing")); write \(words)")
  }

  /// Whole hundredths as a number.
  static func percent(_ basisPoints: Int) -> JSON { scaled(basisPoints, 100) }

  /// Whole ten-thousandths as a number.
  static func price(_ value: Int) -> JSON { scaled(value, 10_000) }

  private static func scaled(_ value: Int, _ scale: Int) -> JSON {
    value % scale == 0 ? .integer(Int64(value / scale)) : .number(Double(value) / Double(scale))
  }
}
