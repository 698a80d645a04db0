// TensorBoard's event file: records, and the few fields of the events in them.

/// One event of a TensorBoard event file: the file's version, a restart, or named scalars at a step.
///
/// Fields and numbers are those of the protocol buffers Event, SessionLog and Summary. Source: tensorboard/compat/proto/event.proto and
/// summary.proto.
struct EventRecord: Equatable {
  /// Seconds since 1970.
  var wallSeconds: Double
  var step = 0
  /// Only in the first record of a file.
  var fileVersion: String?
  /// Tells readers to forget what they saw from `step` on.
  var isRestart = false
  var scalars: [Scalar] = []

  struct Scalar: Equatable {
    var name: String
    var value: Float
  }

  static let version = "brain.Event:2"

  // MARK: Writing

  private enum Wire: UInt8 { case variable = 0, eight = 1, bytes = 2, four = 5 }

  /// The event as a protocol buffer.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    EventRecord.tag(1, .eight, &bytes)
    EventRecord.fixed(wallSeconds.bitPattern, &bytes)
    if step != 0 {
      EventRecord.tag(2, .variable, &bytes)
      EventRecord.variable(UInt64(bitPattern: Int64(step)), &bytes)
    }
    if let fileVersion { EventRecord.block(3, Array(fileVersion.utf8), &bytes) }
    if !scalars.isEmpty {
      var summary: [UInt8] = []
      for scalar in scalars {
        var value: [UInt8] = []
        EventRecord.block(1, Array(scalar.name.utf8), &value)
        EventRecord.tag(2, .four, &value)
        EventRecord.fixed(scalar.value.bitPattern, &value)
        EventRecord.block(1, value, &summary)
      }
      EventRecord.block(5, summary, &bytes)
    }
    // SessionLog.status = START.
    if isRestart { EventRecord.block(7, [1 << 3, 1], &bytes) }
    return bytes
  }

  /// The event framed: its length and that length's checksum, the event, and its checksum; little-endian.
  var framed: [UInt8] {
    let data = encoded
    var length: [UInt8] = []
    EventRecord.fixed(UInt64(data.count), &length)
    var bytes = length
    EventRecord.fixed(CRC32C.masked(length), &bytes)
    bytes += data
    EventRecord.fixed(CRC32C.masked(data), &bytes)
    return bytes
  }

  private static func tag(_ field: UInt8, _ wire: Wire, _ bytes: inout [UInt8]) {
    bytes.append(field << 3 | wire.rawValue)
  }

  private static func block(_ field: UInt8, _ content: [UInt8], _ bytes: inout [UInt8]) {
    tag(field, .bytes, &bytes)
    variable(UInt64(content.count), &bytes)
    bytes += content
  }

  private static func variable(_ value: UInt64, _ bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private static func fixed(_ value: some FixedWidthInteger, _ bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  // MARK: Reading

  /// The events of a file up to the first record that is not whole and sound, each with the place behind it. Never traps.
  static func read(_ bytes: [UInt8]) -> [(event: EventRecord, end: Int)] {
    var events: [(event: EventRecord, end: Int)] = []
    var start = 0
    while bytes.count - start >= 16 {
      let length = integer(bytes[start..<start + 8])
      guard integer(bytes[start + 8..<start + 12]) == UInt64(CRC32C.masked(bytes[start..<start + 8])),
        length <= UInt64(bytes.count - start - 16)
      else { break }
      let data = bytes[start + 12..<start + 12 + Int(length)]
      let end = data.endIndex + 4
      guard integer(bytes[data.endIndex..<end]) == UInt64(CRC32C.masked(data)), let event = EventRecord(data) else {
        break
      }
      events.append((event, end))
      start = end
    }
    return events
  }

  init(wallSeconds: Double, step: Int = 0) {
    self.wallSeconds = wallSeconds
    self.step = step
  }

  /// The event in a protocol buffer; unknown fields are passed over. Nil where it is malformed.
  init?(_ bytes: ArraySlice<UInt8>) {
    self.init(wallSeconds: 0)
    guard let fields = EventRecord.fields(bytes) else { return nil }
    for field in fields {
      switch (field.number, field.value) {
      case (1, .number(let bits)): wallSeconds = Double(bitPattern: bits)
      case (2, .number(let bits)): step = Int(Int64(bitPattern: bits))
      case (3, .bytes(let text)): fileVersion = String(decoding: text, as: UTF8.self)
      case (5, .bytes(let summary)):
        guard let values = EventRecord.fields(summary) else { return nil }
        for case (1, .bytes(let value)) in values {
          guard let parts = EventRecord.fields(value) else { return nil }
          var scalar = Scalar(name: "", value: 0)
          for part in parts {
            switch (part.number, part.value) {
            case (1, .bytes(let text)): scalar.name = String(decoding: text, as: UTF8.self)
            case (2, .number(let bits)): scalar.value = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
            default: break
            }
          }
          scalars.append(scalar)
        }
      case (7, .bytes(let log)):
        guard let parts = EventRecord.fields(log) else { return nil }
        for case (1, .number(1)) in parts { isRestart = true }
      default: break
      }
    }
  }

  private enum FieldValue {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private static func fields(_ bytes: ArraySlice<UInt8>) -> [(number: UInt64, value: FieldValue)]? {
    var rest = bytes
    func variable() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { return nil }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    func taken(_ count: UInt64) -> ArraySlice<UInt8>? {
      guard count <= UInt64(rest.count) else { return nil }
      defer { rest = rest.dropFirst(Int(count)) }
      return rest.prefix(Int(count))
    }
    var fields: [(number: UInt64, value: FieldValue)] = []
    while !rest.isEmpty {
      guard let key = variable() else { return nil }
      switch UInt8(truncatingIfNeeded: key & 7) {
      case Wire.variable.rawValue:
        guard let value = variable() else { return nil }
        fields.append((key >> 3, .number(value)))
      case Wire.eight.rawValue:
        guard let block = taken(8) else { return nil }
        fields.append((key >> 3, .number(integer(block))))
      case Wire.four.rawValue:
        guard let block = taken(4) else { return nil }
        fields.append((key >> 3, .number(integer(block))))
      case Wire.bytes.rawValue:
        guard let count = variable(), let block = taken(count) else { return nil }
        fields.append((key >> 3, .bytes(block)))
      default: return nil
      }
    }
    return fields
  }

  /// Little-endian, at most eight bytes.
  private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
