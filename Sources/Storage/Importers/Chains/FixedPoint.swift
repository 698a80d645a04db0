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

  /// A number as it is written: its digits as one whole number, and how many of them stand behind the point.
  struct Digits {
    var isNegative: Bool
    var mantissa: Int
    var places: Int
  }

  private static let zeros: UInt64 = 0x3030_3030_3030_3030

  /// Eight characters as a number, the first of them in the low byte; nil where one is no digit.
  @inline(__always) private static func number(_ text: UInt64) -> Int? {
    let value = text ^ zeros
    guard (value | (value &+ 0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0 == 0 else { return nil }
    // Pairs, then fours, then all eight.
    let pairs = (value &* 10 &+ (value >> 8)) & 0x00ff_00ff_00ff_00ff
    let fours = (pairs &* 100 &+ (pairs >> 16)) & 0x0000_ffff_0000_ffff
    return Int((fours &* 10_000 &+ (fours >> 32)) & 0xffff_ffff)
  }

  /// A number of at most eight digits before the point and seven behind it, read without asking of each character; nil for all others.
  @inline(__always)
  static func digits(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Digits? {
    guard start < end, start >= 16, end - start <= 17, let base = bytes.baseAddress else { return nil }
    func word(before place: Int) -> UInt64 {
      UnsafeRawPointer(base + place - 8).loadUnaligned(as: UInt64.self).littleEndian
    }
    let isNegative = base[start] == UInt8(ascii: "-")
    var (low, high) = (word(before: end), word(before: end - 8))
    let marks = low ^ 0x2e2e_2e2e_2e2e_2e2e
    let sevenBits: UInt64 = 0x7f7f_7f7f_7f7f_7f7f
    let points = ~(((marks & sevenBits) &+ sevenBits) | marks | sevenBits)
    var count = end - start - (isNegative ? 1 : 0)
    // The nearest point to the end; one of a field before is none.
    var places = points.leadingZeroBitCount >> 3
    if points != 0, places < count {
      // What stands before the point moves up into its place.
      let behind = (UInt64.max &<< UInt64(8 * (7 - places))) &<< 8
      let before = ~(UInt64.max &<< UInt64(8 * (7 - places)))
      low = (low & behind) | ((low & before) << 8) | (high >> 56)
      high <<= 8
      count -= 1
      guard count > 0, count - places <= 8 else { return nil }
    } else {
      places = 0
      guard (1...8).contains(count) else { return nil }
    }
    // Characters before the number become zeros: they lie in the low bytes. A shift of 64 leaves none.
    let kept: UInt64 = ~(UInt64.max >> UInt64(truncatingIfNeeded: 8 * min(count, 8)))
    guard var mantissa = number((low & kept) | (zeros & ~kept)) else { return nil }
    if count > 8 {
      let kept: UInt64 = ~(UInt64.max >> UInt64(truncatingIfNeeded: 8 * (count - 8)))
      guard let upper = number((high & kept) | (zeros & ~kept)) else { return nil }
      mantissa += upper * 100_000_000
    }
    return Digits(isNegative: isNegative, mantissa: mantissa, places: places)
  }

  /// The number times ten to the power of `decimals`, rounded half away from zero. `decimals`: 0...9.
  @inline(__always)
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, decimals: Int) -> Result {
    guard let digits = digits(bytes, start, end) else { return spelled(bytes, start, end, decimals: decimals) }
    let value: Int
    switch digits.places - decimals {
    case ...0: value = digits.mantissa * tens[decimals - digits.places]
    // Divisors that the compiler knows cost no division; most prices have six digits.
    case 2: value = (digits.mantissa + 50) / 100
    case 6: value = (digits.mantissa + 500_000) / 1_000_000
    default:
      let unit = tens[digits.places - decimals]
      value = (digits.mantissa + unit / 2) / unit
    }
    return .value(digits.isNegative ? -value : value)
  }

  /// The same, letter by letter.
  @inline(never)
  private static func spelled(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, decimals: Int
  ) -> Result {
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
  @inline(__always)
  static func floatBits(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Result {
    guard let digits = digits(bytes, start, end) else { return spelledFloat(bytes, start, end) }
    let value = Double(digits.mantissa) / powers[digits.places]
    return .value(Int(ChainValue.bits(Float(digits.isNegative ? -value : value))))
  }

  @inline(never)
  private static func spelledFloat(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Result {
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
