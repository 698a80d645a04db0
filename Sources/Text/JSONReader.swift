// Text to JSON value: the strict, bounded parser behind `JSON.parse`.

/// A recursive-descent parser over bytes. `position` never passes the end; depth is bounded, so the stack is too.
struct JSONReader {
  private let bytes: [UInt8]
  private let maximumDepth: Int
  private var position = 0

  init(bytes: [UInt8], maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
  }

  /// One value with nothing but white space around it.
  mutating func document() throws(JSONError) -> JSON {
    let value = try value(depth: 1)
    skipWhitespace()
    guard position == bytes.count else { throw JSONError(.trailingContent, at: position) }
    return value
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipWhitespace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private func unexpected(_ expected: String) -> JSONError {
    guard let byte = peek else { return JSONError(.unexpectedEnd, at: position) }
    return JSONError(.unexpectedByte(byte, expected: expected), at: position)
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    skipWhitespace()
    switch peek {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
    default: throw unexpected("a value")
    }
  }

  private mutating func word(_ text: StaticString, _ meaning: JSON) throws(JSONError) -> JSON {
    for index in 0..<text.utf8CodeUnitCount {
      guard peek == text.utf8Start[index] else { throw unexpected("'\(text)'") }
      position += 1
    }
    return meaning
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    guard depth <= maximumDepth else { throw JSONError(.tooDeep(limit: maximumDepth), at: position) }
    position += 1
    var members: [String: JSON] = [:]
    skipWhitespace()
    if peek == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipWhitespace()
      let keyPosition = position
      guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in quotation marks") }
      let key = try string()
      skipWhitespace()
      guard peek == UInt8(ascii: ":") else { throw unexpected("':'") }
      position += 1
      let member = try value(depth: depth + 1)
      guard members.updateValue(member, forKey: key) == nil else {
        throw JSONError(.duplicateKey(key), at: keyPosition)
      }
      skipWhitespace()
      if peek == UInt8(ascii: ",") {
        position += 1
      } else if peek == UInt8(ascii: "}") {
        position += 1
        return .object(members)
      } else {
        throw unexpected("',' or '}'")
      }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    guard depth <= maximumDepth else { throw JSONError(.tooDeep(limit: maximumDepth), at: position) }
    position += 1
    var elements: [JSON] = []
    skipWhitespace()
    if peek == UInt8(ascii: "]") {
      position += 1
      return .array(elements)
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipWhitespace()
      if peek == UInt8(ascii: ",") {
        position += 1
      } else if peek == UInt8(ascii: "]") {
        position += 1
        return .array(elements)
      } else {
        throw unexpected("',' or ']'")
      }
    }
  }

  // MARK: Numbers

  private mutating func digits() -> Int {
    let start = position
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    let malformed = JSONError(.malformedNumber, at: start)
    if peek == UInt8(ascii: "-") { position += 1 }
    let leadsWithZero = peek == UInt8(ascii: "0")
    let wholeDigits = digits()
    guard wholeDigits >= 1, !(leadsWithZero && wholeDigits > 1) else { throw malformed }
    var isWhole = true
    if peek == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      guard digits() >= 1 else { throw malformed }
    }
    if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
      isWhole = false
      position += 1
      if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
      guard digits() >= 1 else { throw malformed }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // A negative zero has no whole-number form that keeps its sign.
    if isWhole, text != "-0", let whole = Int64(text) { return .integer(whole) }
    guard let value = Double(text) else { throw malformed }
    guard value.isFinite else { throw JSONError(.numberOutOfRange, at: start) }
    return .number(value)
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var content: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"):
        let scalar = try escape()
        content.append(contentsOf: Array(String(Character(scalar)).utf8))
      case 0..<0x20: throw JSONError(.controlCharacter(byte), at: position)
      case 0x20..<0x80:
        content.append(byte)
        position += 1
      default:
        let length = try sequenceLength()
        content.append(contentsOf: bytes[position..<(position + length)])
        position += length
      }
    }
    throw JSONError(.unexpectedEnd, at: position)
  }

  /// The length of the well-formed UTF-8 sequence at `position`. Source: the Unicode Standard, table 3-7.
  private func sequenceLength() throws(JSONError) -> Int {
    let invalid = JSONError(.invalidUTF8, at: position)
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch bytes[position] {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw invalid
    }
    guard bytes.count - position >= length, second.contains(bytes[position + 1]),
      bytes[(position + 2)..<(position + length)].allSatisfy({ (0x80...0xBF).contains($0) })
    else { throw invalid }
    return length
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    let start = position
    position += 1
    guard let letter = peek else { throw JSONError(.unexpectedEnd, at: position) }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw JSONError(.invalidEscape, at: start)
    }
    let lone = JSONError(.loneSurrogate, at: start)
    let high = try fourHexDigits()
    if !(0xD800...0xDFFF).contains(high) {
      guard let scalar = Unicode.Scalar(high) else { throw lone }
      return scalar
    }
    guard high < 0xDC00, bytes.count - position >= 2, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw lone }
    position += 2
    let low = try fourHexDigits()
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    else { throw lone }
    return scalar
  }

  private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek else { throw JSONError(.unexpectedEnd, at: position) }
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw JSONError(.invalidEscape, at: position)
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
