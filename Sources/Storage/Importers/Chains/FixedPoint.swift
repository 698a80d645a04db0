// Decimal text as whole numbers of a small unit: prices are kept as they are written, and rounded only where they have more digits than the unit.

import Market
import Text

enum FixedPoint {
  enum Result: Equatable {
    case value(Int)
    /// No text, or a word that tables write for nothing.
    case missing
    case malformed
    case outOfRange
  }

  /// What is left of text without the blanks around it.
  @inline(__always)
  static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> (start: Int, end: Int) {
    var (start, end) = (start, end)
    while start < end, bytes[start] == 32 || bytes[start] == 9 { start += 1 }
    while end > start, bytes[end - 1] == 32 || bytes[end - 1] == 9 || bytes[end - 1] == 13 { end -= 1 }
    return (start, end)
  }

  private static let tens = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000]

  /// The number times ten to the power of `decimals`, rounded half away from zero. `decimals`: 0...9.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, decimals: Int) -> Result {
    var position = start
    guard position < end else { return .missing }
    var isNegative = false
    if bytes[position] == UInt8(ascii: "-") || bytes[position] == UInt8(ascii: "+") {
      isNegative = bytes[position] == UInt8(ascii: "-")
      position += 1
    }
    var value = 0
    var (digits, places, isPoint, roundsUp) = (0, 0, false, false)
    while position < end {
      let digit = bytes[position] &- 48
      if digit <= 9 {
        digits += 1
        if isPoint, places >= decimals {
          if places == decimals { roundsUp = digit >= 5 }
        } else {
          // 17 digits fit; no price has more.
          guard value < 100_000_000_000_000_000 else { return .outOfRange }
          value = value &* 10 &+ Int(digit)
        }
        if isPoint { places += 1 }
      } else if bytes[position] == UInt8(ascii: "."), !isPoint {
        isPoint = true
      } else {
        return long(bytes, start, end, decimals: decimals)
      }
      position += 1
    }
    guard digits > 0 else { return long(bytes, start, end, decimals: decimals) }
    if places < decimals {
      let (product, overflow) = value.multipliedReportingOverflow(by: tens[decimals - places])
      guard !overflow else { return .outOfRange }
      value = product
    }
    if roundsUp { value += 1 }
    return .value(isNegative ? -value : value)
  }

  /// Numbers with an exponent, words for nothing, and what is neither.
  private static func long(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, decimals: Int) -> Result {
    let text = Array(bytes[start..<end])
    switch DecimalNumber.parse(text[...]) {
    case .value(let value):
      let scaled = (value * Double(tens[decimals])).rounded()
      guard let whole = Int(exactly: scaled), abs(whole) < 1_000_000_000_000_000_000 else { return .outOfRange }
      return .value(whole)
    case .outOfRange: return .outOfRange
    case .notFinite, .malformed: return NumberText.isMissing(text[...]) ? .missing : .malformed
    }
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
  ]

  /// The same bits as `floatBits` gives, of a number of few digits that is written with them and at most one point; nil for all others.
  @inline(__always)
  static func plainFloatBits(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int32? {
    guard end - start <= 16, start < end, let base = bytes.baseAddress else { return nil }
    var cursor = base + start
    let stop = base + end
    let isNegative = cursor.pointee == UInt8(ascii: "-")
    if isNegative { cursor += 1 }
    var mantissa: UInt64 = 0
    let whole = cursor
    while cursor < stop, case let digit = cursor.pointee &- 48, digit < 10 {
      mantissa = mantissa &* 10 &+ UInt64(digit)
      cursor += 1
    }
    var digits = cursor - whole
    var places = 0
    if cursor < stop, cursor.pointee == UInt8(ascii: ".") {
      cursor += 1
      let point = cursor
      while cursor < stop, case let digit = cursor.pointee &- 48, digit < 10 {
        mantissa = mantissa &* 10 &+ UInt64(digit)
        cursor += 1
      }
      places = cursor - point
      digits += places
    }
    // Fifteen digits are exact in double precision, whatever zeros stand before them.
    guard cursor == stop, (1...15).contains(digits) else { return nil }
    let value = Double(mantissa) / powers[places]
    return ChainValue.bits(Float(isNegative ? -value : value))
  }

  /// The bits of the number as a `Float` (rounded to a `Double` on the way), or why there is none.
  static func floatBits(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Result {
    var position = start
    guard position < end else { return .missing }
    let isNegative = bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    var (mantissa, digits, places, isPoint) = (0, 0, 0, false)
    while position < end {
      let digit = bytes[position] &- 48
      if digit <= 9, digits < 15 {
        mantissa = mantissa &* 10 &+ Int(digit)
        if mantissa > 0 { digits += 1 }
        if isPoint { places += 1 }
      } else if bytes[position] == UInt8(ascii: "."), !isPoint {
        isPoint = true
      } else {
        return longFloat(bytes, start, end)
      }
      position += 1
    }
    guard position > start + (isNegative ? 1 : 0) + (isPoint ? 1 : 0), places < powers.count else {
      return longFloat(bytes, start, end)
    }
    let value = Double(mantissa) / powers[places]
    return .value(Int(ChainValue.bits(Float(isNegative ? -value : value))))
  }

  private static func longFloat(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Result {
    let text = Array(bytes[start..<end])
    switch DecimalNumber.parse(text[...]) {
    case .value(let value):
      guard Float(value).isFinite else { return .outOfRange }
      return .value(Int(ChainValue.bits(Float(value))))
    case .outOfRange: return .outOfRange
    case .notFinite, .malformed: return NumberText.isMissing(text[...]) ? .missing : .malformed
    }
  }
}
