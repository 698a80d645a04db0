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

  /// A number in its parts: its sign, what stands before the point, and the digits behind it as a whole number.
  struct Parts {
    var isNegative: Bool
    var whole: Int
    var fraction: Int
    var places: Int
  }

  private static let zeros: UInt64 = 0x3030_3030_3030_3030

  /// The last `count` characters of a word of eight, 0...8, as a number; nil where one is no digit.
  @inline(__always) private static func digits(_ word: UInt64, last count: Int) -> Int? {
    // The first characters lie in the low bytes: those that do not count become zeros. A shift of 64 leaves none.
    let kept: UInt64 = count == 8 ? .max : ~(UInt64.max >> UInt64(truncatingIfNeeded: 8 * count))
    let text = (word & kept) | (zeros & ~kept)
    let value = text ^ zeros
    guard (value | (value &+ 0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0 == 0 else { return nil }
    // Pairs, then fours, then all eight.
    let pairs = (value &* 10 &+ (value >> 8)) & 0x00ff_00ff_00ff_00ff
    let fours = (pairs &* 100 &+ (pairs >> 16)) & 0x0000_ffff_0000_ffff
    return Int((fours &* 10_000 &+ (fours >> 32)) & 0xffff_ffff)
  }

  /// A number of at most eight digits before the point and seven behind it, read without asking of each character; nil for all others.
  @inline(__always)
  static func parts(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Parts? {
    guard start < end, start >= 16, end - start <= 17, let base = bytes.baseAddress else { return nil }
    func word(before place: Int) -> UInt64 {
      UnsafeRawPointer(base + place - 8).loadUnaligned(as: UInt64.self).littleEndian
    }
    let isNegative = base[start] == UInt8(ascii: "-")
    let first = isNegative ? start + 1 : start
    let last = word(before: end)
    let marks = last ^ 0x2e2e_2e2e_2e2e_2e2e
    let low: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
    let points = ~(((marks & low) &+ low) | marks | low)
    // The nearest point to the end; one of a field before is none.
    let places = points.leadingZeroBitCount >> 3
    let point = end - places - 1
    guard points != 0, point >= first else {
      guard end - first >= 1, end - first <= 8, let whole = digits(last, last: end - first) else { return nil }
      return Parts(isNegative: isNegative, whole: whole, fraction: 0, places: 0)
    }
    guard point - first <= 8, end - first > 1, let whole = digits(word(before: point), last: point - first),
      let fraction = digits(last, last: places)
    else { return nil }
    return Parts(isNegative: isNegative, whole: whole, fraction: fraction, places: places)
  }

  /// The number times ten to the power of `decimals`, rounded half away from zero. `decimals`: 0...9.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, decimals: Int) -> Result {
    if let parts = parts(bytes, start, end) {
      var value = parts.whole * tens[decimals]
      if parts.places <= decimals {
        value += parts.fraction * tens[decimals - parts.places]
      } else {
        let unit = tens[parts.places - decimals]
        value += (parts.fraction + unit / 2) / unit
      }
      return .value(parts.isNegative ? -value : value)
    }
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

  /// The bits of the number as a `Float` (rounded to a `Double` on the way), or why there is none.
  static func floatBits(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Result {
    if let parts = parts(bytes, start, end) {
      let value = Double(parts.whole * tens[parts.places] + parts.fraction) / powers[parts.places]
      // A negative zero becomes the positive one.
      return .value(Int(Int32(bitPattern: Float(parts.isNegative && value > 0 ? -value : value).bitPattern)))
    }
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
