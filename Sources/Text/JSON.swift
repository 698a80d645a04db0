// One small JSON value: what manifests, configurations and requests are made of.

/// A JSON value. Whole numbers that fit are `integer`, all others `number`; objects are written with sorted keys, so that equal
/// values have equal text.
public enum JSON: Hashable, Sendable {
  /// null
  case null
  /// true or false
  case bool(Bool)
  /// A number written without fraction or exponent that fits 64 bits.
  case integer(Int64)
  /// Any other number; never NaN or infinite in a parsed value.
  case number(Double)
  /// Text.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Named values.
  case object([String: JSON])
}

/// What is wrong with a JSON text, and at which byte (counted from 0).
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of defect.
  public enum Kind: Hashable, Sendable {
    /// The text ends inside a value.
    case unexpectedEnd
    /// A byte that cannot stand here; `expected` says in words what could.
    case unexpectedByte(UInt8, expected: String)
    /// Something follows the value.
    case trailingContent
    /// A number that JSON does not allow, for example `01` or `1.`.
    case malformedNumber
    /// A number beyond double precision.
    case numberOutOfRange
    /// Bytes that are not UTF-8.
    case invalidUTF8
    /// A backslash followed by something else than JSON allows.
    case invalidEscape
    /// Half of a surrogate pair.
    case loneSurrogate
    /// A control character inside a string.
    case controlCharacter(UInt8)
    /// An object that names a key twice.
    case duplicateKey(String)
    /// More nesting than the reader accepts.
    case tooDeep(limit: Int)
    /// More bytes than the reader accepts.
    case tooLarge(bytes: Int, limit: Int)
  }

  /// What is wrong.
  public let kind: Kind
  /// The byte where it was found, from 0.
  public let offset: Int

  /// A defect at a place.
  public init(_ kind: Kind, at offset: Int) {
    self.kind = kind
    self.offset = offset
  }

  /// One sentence for the user.
  public var description: String { PrintableText.sentence("invalid JSON at byte \(offset): \(reason)") }

  private var reason: String {
    switch kind {
    case .unexpectedEnd: "the text ends inside a value"
    case .unexpectedByte(let byte, let expected): "found \(JSONError.name(of: byte)) where \(expected) is expected"
    case .trailingContent: "something follows the value"
    case .malformedNumber: "this is not a JSON number"
    case .numberOutOfRange: "the number does not fit double precision"
    case .invalidUTF8: "the bytes are not UTF-8"
    case .invalidEscape: "unknown escape sequence in a string"
    case .loneSurrogate: "half of a surrogate pair in a string"
    case .controlCharacter(let byte): "\(JSONError.name(of: byte)) must be escaped in a string"
    case .duplicateKey(let key): "the key '\(PrintableText.name(key))' stands twice in one object"
    case .tooDeep(let limit): "nested deeper than \(limit) levels"
    case .tooLarge(let bytes, let limit): "\(bytes) bytes, at most \(limit) are accepted"
    }
  }

  private static func name(of byte: UInt8) -> String {
    (0x20..<0x7F).contains(byte)
      ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x" + String(byte, radix: 16, uppercase: true)
  }
}

extension JSON {
  /// Reads one JSON text (RFC 8259, strictly: no comments, no trailing commas, no byte-order mark).
  ///
  /// Refused beyond the grammar: bytes that are not UTF-8, lone surrogates, a key twice in one object (keys that Unicode calls
  /// canonically equivalent are the same key), numbers beyond double precision, more than `maximumDepth` levels of nesting and
  /// more than `maximumBytes` bytes. Traps on a depth outside 1 ... 512.
  public static func parse(_ bytes: [UInt8], maximumDepth: Int = 64, maximumBytes: Int = 64 << 20)
    throws(JSONError) -> JSON
  {
    precondition((1...512).contains(maximumDepth), "JSON depth limit \(maximumDepth): 1 to 512 are supported")
    guard bytes.count <= maximumBytes else {
      throw JSONError(.tooLarge(bytes: bytes.count, limit: maximumBytes), at: 0)
    }
    var reader = JSONReader(bytes: bytes, maximumDepth: maximumDepth)
    return try reader.document()
  }

  /// Reads one JSON text; see the form that takes bytes.
  public static func parse(_ text: String, maximumDepth: Int = 64, maximumBytes: Int = 64 << 20)
    throws(JSONError) -> JSON
  {
    try parse(Array(text.utf8), maximumDepth: maximumDepth, maximumBytes: maximumBytes)
  }
}

// MARK: - Looking inside

extension JSON {
  /// The value of a key; nil where it is missing or this is no object.
  public subscript(key: String) -> JSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// Whether this is null.
  public var isNull: Bool { self == .null }

  /// The text, where this is text.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  /// The number as a double, where this is a number.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The number, where it is whole and fits; `1e3` is whole too.
  public var integerValue: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// True or false, where this is one of them.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements, where this is an array.
  public var arrayValue: [JSON]? { if case .array(let values) = self { values } else { nil } }

  /// The members, where this is an object.
  public var objectValue: [String: JSON]? { if case .object(let members) = self { members } else { nil } }

  /// The kind of value in a word, for messages.
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "text"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// Text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Values in order.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// Named values. Traps if a key stands twice.
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Dictionary(uniqueKeysWithValues: elements))
  }
}
