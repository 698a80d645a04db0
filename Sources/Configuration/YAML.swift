// YAML configuration files into the one JSON value, through libyaml.

private import CYAML
package import Text

/// Reads one YAML document. Scalars are resolved by the YAML 1.2 core schema; anchors, aliases, tags, duplicate and non-text keys are
/// refused by name, because a configuration that needs them is a program.
package enum YAML {
  /// The longest file that is read.
  package static let maximumBytes = 1 << 20
  private static let maximumDepth = 32

  /// The document as a JSON value; an empty file is an empty object. `source` names the file in errors.
  package static func parse(_ bytes: [UInt8], source: String) throws(ConfigurationError) -> JSON {
    guard bytes.count <= maximumBytes else {
      throw .unreadable(
        path: source,
        reason:
          "it is \(bytes.count) bytes long, above the limit of \(maximumBytes); check that it is the file that was meant"
      )
    }
    var reader = EventReader(source: source)
    defer { reader.close() }
    // libyaml keeps the pointer until the last event: the whole walk happens inside this closure.
    let result: Result<JSON, ConfigurationError> = bytes.withUnsafeBufferPointer { buffer in
      do throws(ConfigurationError) {
        reader.open(buffer)
        return .success(try reader.document())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// A plain scalar by the YAML 1.2 core schema.
  package static func resolve(_ text: String) -> JSON {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default: break
    }
    let utf8 = Array(text.utf8)
    let digits = utf8.first == 43 || utf8.first == 45 ? Array(utf8.dropFirst()) : utf8
    if !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }) {
      let unsigned = utf8.first == 43 ? String(text.dropFirst()) : text
      if let integer = Int64(unsigned) { return .integer(integer) }
    }
    let isNumeric =
      digits.contains { (48...57).contains($0) }
      && digits.allSatisfy { (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }
      && !(digits.first == 69 || digits.first == 101)
    if isNumeric, let number = Double(text), number.isFinite { return .number(number) }
    return .string(text)
  }

  /// A walk over libyaml's events.
  private struct EventReader: ~Copyable {
    let source: String
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private var event = yaml_event_t()
    private var hasEvent = false
    private var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    init(source: String) { self.source = source }

    mutating func open(_ buffer: UnsafeBufferPointer<UInt8>) {
      precondition(yaml_parser_initialize(parser) == 1, "libyaml could not allocate its parser")
      yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      bytes = buffer
    }

    mutating func close() {
      if hasEvent { yaml_event_delete(&event) }
      yaml_parser_delete(parser)
      parser.deallocate()
    }

    private mutating func next() throws(ConfigurationError) {
      if hasEvent { yaml_event_delete(&event) }
      hasEvent = false
      guard yaml_parser_parse(parser, &event) == 1 else {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not readable as YAML"
        if parser.pointee.error == YAML_READER_ERROR {
          // Bytes that are no text: libyaml tells their offset alone.
          let (line, column) = place(ofByte: parser.pointee.problem_offset)
          throw .syntax(source: source, line: line, column: column, problem: problem)
        }
        let mark = parser.pointee.problem_mark
        throw .syntax(source: source, line: Int(mark.line) + 1, column: Int(mark.column) + 1, problem: problem)
      }
      hasEvent = true
    }

    /// Line and column, from 1, the column in bytes.
    private func place(ofByte offset: Int) -> (line: Int, column: Int) {
      let before = bytes.prefix(offset)
      let line = before.count { $0 == 10 }
      let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
      return (line + 1, before.count - start + 1)
    }

    private func refusal(_ problem: String) -> ConfigurationError {
      .syntax(
        source: source, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1,
        problem: problem)
    }

    mutating func document() throws(ConfigurationError) -> JSON {
      try next()  // start of the stream
      try next()
      if event.type == YAML_STREAM_END_EVENT { return .object([:]) }
      try next()  // past the start of the document
      let value = try value(depth: 0)
      try next()  // end of the document
      try next()
      guard event.type == YAML_STREAM_END_EVENT else { throw refusal("a second document starts here") }
      return value
    }

    private func scalarText() -> String {
      let scalar = event.data.scalar
      return String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    }

    /// The value that starts at the current event.
    private mutating func value(depth: Int) throws(ConfigurationError) -> JSON {
      guard depth <= maximumDepth else { throw refusal("nested deeper than \(maximumDepth) levels") }
      switch event.type {
      case YAML_SCALAR_EVENT:
        if event.data.scalar.anchor != nil || event.data.scalar.tag != nil {
          throw refusal("anchors and tags are not supported")
        }
        let text = scalarText()
        return event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? resolve(text) : .string(text)
      case YAML_SEQUENCE_START_EVENT:
        if event.data.sequence_start.anchor != nil || event.data.sequence_start.tag != nil {
          throw refusal("anchors and tags are not supported")
        }
        var items: [JSON] = []
        while true {
          try next()
          if event.type == YAML_SEQUENCE_END_EVENT { return .array(items) }
          items.append(try value(depth: depth + 1))
        }
      case YAML_MAPPING_START_EVENT:
        if event.data.mapping_start.anchor != nil || event.data.mapping_start.tag != nil {
          throw refusal("anchors and tags are not supported")
        }
        var members: [String: JSON] = [:]
        while true {
          try next()
          if event.type == YAML_MAPPING_END_EVENT { return .object(members) }
          guard event.type == YAML_SCALAR_EVENT else { throw refusal("a key must be plain text") }
          if event.data.scalar.anchor != nil || event.data.scalar.tag != nil {
            throw refusal("anchors and tags are not supported")
          }
          let key = scalarText()
          guard members[key] == nil else {
            throw refusal(ConfigurationError.isKey(key) ? "the key '\(key)' stands twice" : "a key stands twice")
          }
          try next()
          members[key] = try value(depth: depth + 1)
        }
      case YAML_ALIAS_EVENT: throw refusal("aliases are not supported")
      default: throw refusal("a value is missing")
      }
    }
  }
}
