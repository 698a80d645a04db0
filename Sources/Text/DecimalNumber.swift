// Decimal text becomes the nearest double-precision number.

/// Numbers as tables spell them: an optional sign, digits with at most one point, an optional exponent. Nothing else.
package enum DecimalNumber {
  package enum Result: Equatable {
    case value(Double)
    case malformed
    /// Spelled like a number, but beyond double precision.
    case outOfRange
    /// `nan`, `inf`, `infinity` in any case, with or without sign.
    case notFinite
  }

  /// Powers of ten that double precision holds exactly.
  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  /// The correctly rounded value.
  ///
  /// Up to 2^53 and 22 decimal places, one exact integer over one exact power of ten rounds once, which is right; all else goes the long
  /// way through the standard library. Source: Clinger 1990, "How to read floating point numbers accurately".
  package static func parse(_ text: ArraySlice<UInt8>) -> Result {
    var position = text.startIndex
    let end = text.endIndex
    var isNegative = false
    if position < end, text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+") {
      isNegative = text[position] == UInt8(ascii: "-")
      position += 1
    }
    var mantissa: UInt64 = 0
    var digitCount = 0
    var decimals = 0
    var isExact = true
    var sawPoint = false
    while position < end {
      let byte = text[position]
      if (48...57).contains(byte) {
        digitCount += 1
        if mantissa < 1_000_000_000_000_000_000 {
          mantissa = mantissa * 10 + UInt64(byte - 48)
        } else {
          isExact = false
        }
        if sawPoint { decimals += 1 }
      } else if byte == UInt8(ascii: "."), !sawPoint {
        sawPoint = true
      } else {
        break
      }
      position += 1
    }
    guard digitCount > 0 else { return isNotFinite(text) ? .notFinite : .malformed }
    var hasExponent = false
    if position < end, text[position] == UInt8(ascii: "e") || text[position] == UInt8(ascii: "E") {
      position += 1
      if position < end, text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+") { position += 1 }
      guard position < end else { return .malformed }
      while position < end, (48...57).contains(text[position]) {
        hasExponent = true
        position += 1
      }
      guard hasExponent else { return .malformed }
    }
    guard position == end else { return .malformed }
    if isExact, !hasExponent, mantissa <= 1 << 53, decimals < powers.count {
      let magnitude = Double(mantissa) / powers[decimals]
      return .value(isNegative ? -magnitude : magnitude)
    }
    guard let value = Double(String(decoding: text, as: UTF8.self)) else { return .outOfRange }
    return value.isFinite ? .value(value) : .outOfRange
  }

  /// The single-precision number that the correctly rounded double of `mantissa` x 10^`exponent` rounds to; nil where only the long way tells.
  ///
  /// Rounded up to twice on its way, one product or quotient lies within 2^-52 of the number, and the correct double within 2^-53. Where both ends of a
  /// wider interval round to the same single, so does everything between them.
  package static func single(mantissa: UInt64, exponent: Int) -> Float? {
    guard powers.indices.contains(abs(exponent)) else { return nil }
    let magnitude =
      exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
    let margin = magnitude * 0x1p-50
    let (low, high) = (Float(magnitude - margin), Float(magnitude + margin))
    return low == high ? low : nil
  }

  private static func isNotFinite(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.count <= 9 else { return false }
    var word = String(decoding: text, as: UTF8.self).lowercased()
    if word.hasPrefix("-") || word.hasPrefix("+") { word.removeFirst() }
    return ["nan", "inf", "infinity", "infinite"].contains(word)
  }
}
