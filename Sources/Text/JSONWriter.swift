// JSON value to text: one canonical form for files and digests, one indented form for people.

extension JSON {
  /// The canonical text: no white space, keys sorted by their UTF-8 bytes, what a terminal obeys escaped, doubles by the shortest digits that read back the same
  /// (with a fraction or an exponent, so that they stay doubles). `parse(text)` gives an equal value. Traps on NaN and infinity,
  /// which JSON has no word for.
  public var text: String {
    var writer = JSONWriter(indented: false)
    writer.write(self, level: 0)
    return String(decoding: writer.output, as: UTF8.self)
  }

  /// The same with line breaks and two spaces a level; arrays of plain values stay on one line. Ends without a line break.
  public var prettyText: String {
    var writer = JSONWriter(indented: true)
    writer.write(self, level: 0)
    return String(decoding: writer.output, as: UTF8.self)
  }
}

private struct JSONWriter {
  let indented: Bool
  var output: [UInt8] = []

  init(indented: Bool) { self.indented = indented }

  mutating func write(_ value: JSON, level: Int) {
    switch value {
    case .null: append("null")
    case .bool(let flag): append(flag ? "true" : "false")
    case .integer(let number): append(String(number))
    case .number(let number):
      precondition(number.isFinite, "JSON cannot hold the number \(number)")
      append(number.description)
    case .string(let text): write(text)
    case .array(let elements):
      let breaks = indented && elements.contains { $0.isContainer }
      list(elements.count, breaks: breaks, level: level, opening: "[", closing: "]") { writer, index in
        writer.write(elements[index], level: level + 1)
      }
    case .object(let members):
      let keys = members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      list(keys.count, breaks: indented, level: level, opening: "{", closing: "}") { writer, index in
        writer.write(keys[index])
        writer.append(writer.indented ? ": " : ":")
        writer.write(members[keys[index]] ?? .null, level: level + 1)
      }
    }
  }

  private mutating func list(
    _ count: Int, breaks: Bool, level: Int, opening: String, closing: String,
    element: (inout JSONWriter, Int) -> Void
  ) {
    append(opening)
    for index in 0..<count {
      if index > 0 { append(indented && !breaks ? ", " : ",") }
      if breaks { newLine(level + 1) }
      element(&self, index)
    }
    if breaks && count > 0 { newLine(level) }
    append(closing)
  }

  private mutating func newLine(_ level: Int) {
    output.append(UInt8(ascii: "\n"))
    output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
  }

  private mutating func append(_ text: String) { output.append(contentsOf: text.utf8) }

  /// A string with every character escaped that JSON wants escaped, or that would do something to a terminal that shows the text.
  private mutating func write(_ text: String) {
    output.append(UInt8(ascii: "\""))
    guard text.utf8.allSatisfy({ $0 < 0x7F }) else {
      for scalar in text.unicodeScalars {
        if scalar.value < 0x7F {
          write(UInt8(scalar.value))
        } else if PrintableText.isHarmless(scalar) {
          output.append(contentsOf: String(scalar).utf8)
        } else {
          append("\\u")
          output.append(contentsOf: SHA256.hexDigits([UInt8(scalar.value >> 8), UInt8(scalar.value & 0xFF)]).utf8)
        }
      }
      output.append(UInt8(ascii: "\""))
      return
    }
    for byte in text.utf8 { write(byte) }
    output.append(UInt8(ascii: "\""))
  }

  /// A character of ASCII inside a string.
  private mutating func write(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case UInt8(ascii: "\n"): append("\\n")
    case UInt8(ascii: "\r"): append("\\r")
    case UInt8(ascii: "\t"): append("\\t")
    case 0..<0x20:
      append("\\u00")
      output.append(contentsOf: SHA256.hexDigits([byte]).utf8)
    default: output.append(byte)
    }
  }
}

extension JSON {
  fileprivate var isContainer: Bool {
    switch self {
    case .array, .object: true
    default: false
    }
  }
}
