// The usual question read straight from its bytes: no JSON value is built on the way.

import AgentInterface
import Inference
import Text

/// Reads a question of the usual form from its bytes, from the front to the end, once.
///
/// What it returns is what `Question(_:policy:)` returns, bit for bit; nil where a question is wrong or merely unusual (an escape, a key that it
/// does not know, a number of more than 19 digits): that one reads such a line again, and says what is wrong with it.
struct QuestionReader {
  private var next: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>

  static func question(_ line: UnsafeBufferPointer<UInt8>, policy: DeployedPolicy) -> Question? {
    guard let start = line.baseAddress, line.count <= Question.maximumBytes else { return nil }
    var reader = QuestionReader(next: start, end: start + line.count)
    return reader.question(policy)
  }

  private init(next: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) {
    self.next = next
    self.end = end
  }

  private mutating func question(_ policy: DeployedPolicy) -> Question? {
    var observation: [Float] = []
    var mask: ActionMask?
    var startsEpisode: Bool?
    guard take("{") else { return nil }
    repeat {
      if takeWord(#""observation""#) {
        guard observation.isEmpty, take(":"), take("[") else { return nil }
        observation.reserveCapacity(policy.inputs)
        repeat {
          guard let number = number() else { return nil }
          observation.append(number)
        } while take(",")
        guard take("]") else { return nil }
      } else if takeWord(#""mask""#) {
        guard mask == nil, take(":"), let flags = flags(policy.actions) else { return nil }
        mask = flags
      } else if takeWord(#""episode_start""#) {
        guard startsEpisode == nil, take(":") else { return nil }
        let isTrue = takeWord("true")
        guard isTrue || takeWord("false") else { return nil }
        startsEpisode = isTrue
      } else {
        return nil
      }
    } while take(",")
    guard take("}") else { return nil }
    skipWhitespace()
    guard next == end, !observation.isEmpty, startsEpisode != nil || !policy.hasMemory else { return nil }
    return Question(observation: observation, mask: mask, startsEpisode: startsEpisode ?? false)
  }

  // MARK: Words

  private mutating func skipWhitespace() {
    while next < end, next.pointee == 0x20 || next.pointee == 0x09 || next.pointee == 0x0D || next.pointee == 0x0A {
      next += 1
    }
  }

  /// Whether this character comes next, behind white space; it is passed then.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipWhitespace()
    return takeByte(character)
  }

  private mutating func takeByte(_ character: Unicode.Scalar) -> Bool {
    guard next < end, next.pointee == UInt8(ascii: character) else { return false }
    next += 1
    return true
  }

  /// Whether these bytes come next, behind white space; they are passed then.
  private mutating func takeWord(_ word: StaticString) -> Bool {
    skipWhitespace()
    let count = word.utf8CodeUnitCount
    guard end - next >= count else { return false }
    for place in 0..<count where next[place] != word.utf8Start[place] { return false }
    next += count
    return true
  }

  /// One flag for each action, written as 0 or 1.
  private mutating func flags(_ actions: Int) -> ActionMask? {
    guard take("[") else { return nil }
    var mask = ActionMask(rawValue: 0)
    for action in 0..<actions {
      guard action == 0 || take(",") else { return nil }
      let isLegal = take("1")
      guard isLegal || take("0") else { return nil }
      if isLegal { mask = mask.allowing(1, from: action) }
    }
    return take("]") ? mask : nil
  }

  // MARK: Numbers

  private var isAtDigit: Bool { next < end && next.pointee &- UInt8(ascii: "0") < 10 }

  /// Passes digits that go on with `mantissa`; nil where it would pass 19 of them.
  private mutating func digits(into mantissa: inout UInt64) -> Int? {
    let start = next
    while isAtDigit {
      guard mantissa < 1_000_000_000_000_000_000 else { return nil }
      mantissa = mantissa &* 10 &+ UInt64(next.pointee &- UInt8(ascii: "0"))
      next += 1
    }
    return next - start
  }

  /// A number as JSON spells it, rounded to double precision and then to single, as the long way does.
  private mutating func number() -> Float? {
    skipWhitespace()
    let isNegative = takeByte("-")
    var mantissa: UInt64 = 0
    let first = next
    guard let whole = digits(into: &mantissa), whole > 0, whole == 1 || first.pointee != UInt8(ascii: "0") else {
      return nil
    }
    var exponent = 0
    if takeByte(".") {
      guard let places = digits(into: &mantissa), places > 0 else { return nil }
      exponent = -places
    }
    if takeByte("e") || takeByte("E") {
      let isBelowOne = takeByte("-")
      if !isBelowOne { _ = takeByte("+") }
      var power: UInt64 = 0
      guard let places = digits(into: &power), places > 0, power < 1000 else { return nil }
      exponent += isBelowOne ? -Int(power) : Int(power)
    }
    guard let magnitude = DecimalNumber.single(mantissa: mantissa, exponent: exponent) else { return nil }
    return isNegative ? -magnitude : magnitude
  }
}
