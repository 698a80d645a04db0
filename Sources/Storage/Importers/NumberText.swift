// How tables write numbers: with a point or a comma before the decimals, thousands apart, a currency's sign in front.

import Text

/// One way to write numbers, which a whole file keeps to: what does not fit it is no number, since 166,6 must never be read as 1666.
struct NumberText: Equatable {
  /// Between whole numbers and decimals.
  var decimal = UInt8(ascii: ".")
  /// Whether the other of point and comma may part groups of three digits.
  var hasGroups = false
  var hasDollarSigns = false

  static let plain = NumberText()

  /// What the fields of a file's first rows say of it; `isAmbiguous` where a comma may be either.
  static func of(_ samples: [[UInt8]]) -> (text: NumberText, isAmbiguous: Bool) {
    var (provesPoint, provesComma, isAmbiguous, hasCommas, hasDollarSigns) = (false, false, false, false, false)
    for sample in samples {
      var number = sample[...]
      if number.first == UInt8(ascii: "$") {
        hasDollarSigns = true
        number = number.dropFirst()
      }
      guard number.allSatisfy({ (48...57).contains($0) || ".,+-".utf8.contains($0) }) else { continue }
      let commas = number.count { $0 == UInt8(ascii: ",") }
      let points = number.count { $0 == UInt8(ascii: ".") }
      hasCommas = hasCommas || commas > 0
      switch (commas, points) {
      case (0, 1):
        // Also 1.234, unless something else proves that its point parts thousands.
        if number.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[1].count != 3 {
          provesPoint = true
        }
      case (1, 0):
        let parts = number.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        if parts[1].count == 3, (1...3).contains(parts[0].count), parts[0].first != UInt8(ascii: "0") {
          isAmbiguous = true
        } else {
          provesComma = true
        }
      case (1..., 1...):
        if number.lastIndex(of: UInt8(ascii: ","))! < number.lastIndex(of: UInt8(ascii: "."))! {
          provesPoint = true
        } else {
          provesComma = true
        }
      case (2..., 0): provesPoint = true
      case (0, 2...): provesComma = true
      default: break
      }
    }
    let isComma = provesComma && !provesPoint
    return (
      NumberText(
        decimal: UInt8(ascii: isComma ? "," : "."), hasGroups: isComma || (hasCommas && !provesComma),
        hasDollarSigns: hasDollarSigns), isAmbiguous && !provesComma && !provesPoint
    )
  }

  func read(_ text: ArraySlice<UInt8>) -> DecimalNumber.Result {
    if self == .plain { return DecimalNumber.parse(text) }
    var digits: [UInt8] = []
    digits.reserveCapacity(text.count)
    let group = UInt8(ascii: decimal == UInt8(ascii: ".") ? "," : ".")
    // nil before the first mark between groups, then the digits since the last.
    var sinceGroup: Int?
    var (leading, isDecimal) = (0, false)
    for byte in text {
      switch byte {
      case UInt8(ascii: "$") where hasDollarSigns && digits.allSatisfy({ $0 == UInt8(ascii: "-") }): continue
      case group where hasGroups && !isDecimal:
        guard sinceGroup.map({ $0 == 3 }) ?? (1...3).contains(leading) else { return .malformed }
        sinceGroup = 0
        continue
      case decimal where !isDecimal:
        guard (sinceGroup ?? 3) == 3 else { return .malformed }
        isDecimal = true
        digits.append(UInt8(ascii: "."))
        continue
      case 48...57:
        if !isDecimal {
          leading += 1
          sinceGroup? += 1
        }
      case UInt8(ascii: "."), UInt8(ascii: ","): return .malformed
      default: break
      }
      digits.append(byte)
    }
    guard isDecimal || (sinceGroup ?? 3) == 3 else { return .malformed }
    return DecimalNumber.parse(digits[...])
  }

  /// Whether a field stands for no value, as tables write it.
  static func isMissing(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.count <= 4 else { return false }
    return ["", ".", "-", "null", "nan", "none", "n/a", "na"].contains(
      String(decoding: text, as: UTF8.self).lowercased())
  }
}
