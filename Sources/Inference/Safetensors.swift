// The safetensors container: named tensors and string metadata in one file that many tools open.

public import Text

/// Named tensors and string metadata. Layout: 8 bytes little-endian header length; a JSON header, padded with spaces; the tensors' bytes,
/// row-major, little-endian, without holes. Source: the format description of huggingface/safetensors 0.4.
public struct Safetensors: Hashable, Sendable {
  /// The element types that this reader knows.
  public enum ElementType: String, Hashable, Sendable, CaseIterable {
    /// 32-bit and 64-bit floating point; unsigned bytes; signed 32-bit and 64-bit integers.
    case float32 = "F32"
    case float64 = "F64"
    case uint8 = "U8"
    case int32 = "I32"
    case int64 = "I64"

    /// Bytes of one element.
    public var byteCount: Int {
      switch self {
      case .float64, .int64: 8
      case .float32, .int32: 4
      case .uint8: 1
      }
    }
  }

  /// One named tensor; `bytes` are little-endian, row-major.
  public struct Tensor: Hashable, Sendable {
    /// The tensor's name.
    public let name: String
    /// The type of its elements.
    public let elementType: ElementType
    /// Its shape; empty for a single number.
    public let shape: [Int]
    /// Its content.
    public let bytes: [UInt8]

    /// A tensor of floats. Traps unless the shape holds as many.
    public init(_ name: String, shape: [Int], _ values: [Float]) {
      self.init(name, .float32, shape, count: values.count, littleEndianBytes(values.lazy.map(\.bitPattern)))
    }

    /// A tensor of doubles. Traps unless the shape holds as many.
    public init(_ name: String, shape: [Int], _ values: [Double]) {
      self.init(name, .float64, shape, count: values.count, littleEndianBytes(values.lazy.map(\.bitPattern)))
    }

    /// A tensor of bytes. Traps unless the shape holds as many.
    public init(_ name: String, shape: [Int], _ values: [UInt8]) {
      self.init(name, .uint8, shape, count: values.count, values)
    }

    /// A tensor of 32-bit integers. Traps unless the shape holds as many.
    public init(_ name: String, shape: [Int], _ values: [Int32]) {
      self.init(name, .int32, shape, count: values.count, littleEndianBytes(values))
    }

    /// A tensor of 64-bit integers. Traps unless the shape holds as many.
    public init(_ name: String, shape: [Int], _ values: [Int64]) {
      self.init(name, .int64, shape, count: values.count, littleEndianBytes(values))
    }

    private init(_ name: String, _ type: ElementType, _ shape: [Int], count: Int, _ bytes: [UInt8]) {
      precondition(shape.allSatisfy { $0 >= 0 }, "tensor '\(name)' of shape \(shape)")
      precondition(
        shape.reduce(1, *) == count, "tensor '\(name)' of shape \(shape) given \(count) values")
      self.init(name: name, elementType: type, shape: shape, bytes: bytes)
    }

    fileprivate init(name: String, elementType: ElementType, shape: [Int], bytes: [UInt8]) {
      self.name = name
      self.elementType = elementType
      self.shape = shape
      self.bytes = bytes
    }

    /// The number of elements.
    public var count: Int { bytes.count / elementType.byteCount }

    /// The elements, where they are floats.
    public var floats: [Float]? {
      elementType == .float32 ? words(UInt32.self).map { Float(bitPattern: $0) } : nil
    }

    /// The elements, where they are doubles.
    public var doubles: [Double]? {
      elementType == .float64 ? words(UInt64.self).map { Double(bitPattern: $0) } : nil
    }

    /// The elements, where they are bytes.
    public var unsignedBytes: [UInt8]? { elementType == .uint8 ? bytes : nil }

    /// The elements, where they are 32-bit integers.
    public var int32s: [Int32]? { elementType == .int32 ? words(Int32.self) : nil }

    /// The elements, where they are 64-bit integers.
    public var int64s: [Int64]? { elementType == .int64 ? words(Int64.self) : nil }

    private func words<Word: FixedWidthInteger>(_: Word.Type) -> [Word] {
      bytes.withUnsafeBytes { raw in
        (0..<count).map {
          Word(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * elementType.byteCount, as: Word.self))
        }
      }
    }
  }

  /// Free text by key.
  public var metadata: [String: String]
  /// The tensors in the order of their bytes.
  public private(set) var tensors: [Tensor]

  /// A container. Tensors are ordered by falling element size, so that each starts at a multiple of it. Traps if a name stands twice.
  public init(metadata: [String: String], tensors: [Tensor]) {
    precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
    precondition(!tensors.contains { $0.name == "__metadata__" }, "a tensor must not be called '__metadata__'")
    self.metadata = metadata
    // Stable within one element size: the given order is kept.
    self.tensors = [8, 4, 1].flatMap { size in tensors.filter { $0.elementType.byteCount == size } }
  }

  /// The tensor of that name, or nil.
  public func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name } }

  // MARK: - Writing

  /// The file's bytes. The header is canonical JSON, padded with spaces to a multiple of 8 bytes.
  public func encode() -> [UInt8] {
    var offset = 0
    var members: [String: JSON] = [:]
    if !metadata.isEmpty { members["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
    for tensor in tensors {
      let end = offset + tensor.bytes.count
      members[tensor.name] = [
        "dtype": .string(tensor.elementType.rawValue),
        "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
        "data_offsets": [.integer(Int64(offset)), .integer(Int64(end))],
      ]
      offset = end
    }
    var header = Array(JSON.object(members).text.utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    var bytes = littleEndianBytes([UInt64(header.count)])
    bytes.reserveCapacity(8 + header.count + offset)
    bytes.append(contentsOf: header)
    for tensor in tensors { bytes.append(contentsOf: tensor.bytes) }
    return bytes
  }

  // MARK: - Reading

  /// The longest header that is read, in bytes.
  public static let maximumHeaderBytes = 16 << 20

  /// Reads a container, strictly: every length is checked against the bytes at hand before it is used; tensors must cover the data
  /// block without hole, overlap or rest; unknown element types and keys are refused.
  public static func decode(_ bytes: [UInt8]) throws(SafetensorsError) -> Safetensors {
    let headerEnd = try self.headerEnd(bytes)
    guard bytes.count > 8, bytes[8] == UInt8(ascii: "{") else {
      throw .invalidHeader("it does not begin with '{'")
    }
    let header: JSON
    do {
      header = try JSON.parse(Array(bytes[8..<headerEnd]), maximumDepth: 8, maximumBytes: maximumHeaderBytes)
    } catch {
      throw .invalidJSON(error)
    }
    guard let members = header.objectValue else { throw .invalidHeader("it is \(header.kindName), not an object") }
    var metadata: [String: String] = [:]
    var places: [(entry: Entry, name: String)] = []
    for (name, value) in members {
      if name == "__metadata__" {
        guard let texts = value.objectValue else { throw .invalidHeader("'__metadata__' is \(value.kindName)") }
        for (key, text) in texts {
          guard let text = text.stringValue else { throw .invalidHeader("'__metadata__.\(key)' is \(text.kindName)") }
          metadata[key] = text
        }
      } else {
        places.append((try Entry(name, value), name))
      }
    }
    // Empty tensors share their offset with a neighbour; the name settles their order.
    places.sort { ($0.entry.begin, $0.entry.end, $0.name) < ($1.entry.begin, $1.entry.end, $1.name) }
    var expected = 0
    for (entry, name) in places {
      guard entry.begin == expected else {
        throw .invalidTensor(
          name: name,
          "its bytes begin at \(entry.begin) where \(expected) is next: tensors must not overlap or leave holes")
      }
      expected = entry.end
    }
    // Offsets come from the file and may be as large as a number can be.
    let sum = headerEnd.addingReportingOverflow(expected)
    let fileBytes = sum.overflow ? Int.max : sum.partialValue
    guard bytes.count >= fileBytes else { throw .truncated(expectedBytes: fileBytes, foundBytes: bytes.count) }
    guard bytes.count == fileBytes else { throw .trailingBytes(expectedBytes: fileBytes, foundBytes: bytes.count) }
    var result = Safetensors(metadata: metadata, tensors: [])
    result.tensors = places.map { place in
      Tensor(
        name: place.name, elementType: place.entry.type, shape: place.entry.shape,
        bytes: Array(bytes[(headerEnd + place.entry.begin)..<(headerEnd + place.entry.end)]))
    }
    return result
  }

  /// How many of a file's first bytes tell that it is no container.
  static let beginningBytes = 9

  /// What those bytes refuse; nil where there are fewer, or nothing is wrong with them.
  static func refusal(ofBeginning bytes: [UInt8]) -> SafetensorsError? {
    guard bytes.count >= beginningBytes else { return nil }
    let length = headerLength(bytes)
    if length > UInt64(maximumHeaderBytes) { return .headerTooLong(bytes: length) }
    return bytes[8] == UInt8(ascii: "{") ? nil : .invalidHeader("it does not begin with '{'")
  }

  private static func headerLength(_ bytes: [UInt8]) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
  }

  /// Where the header ends and the data block begins, from the file's start.
  static func headerEnd(_ bytes: [UInt8]) throws(SafetensorsError) -> Int {
    guard bytes.count >= 8 else { throw .truncated(expectedBytes: 8, foundBytes: bytes.count) }
    let length = headerLength(bytes)
    guard length <= UInt64(maximumHeaderBytes) else { throw .headerTooLong(bytes: length) }
    let end = 8 + Int(length)
    guard bytes.count >= end else { throw .truncated(expectedBytes: end, foundBytes: bytes.count) }
    return end
  }

  /// One tensor's line in the header, checked as far as it can be alone.
  private struct Entry {
    let type: ElementType
    let shape: [Int]
    let begin: Int
    let end: Int

    init(_ name: String, _ value: JSON) throws(SafetensorsError) {
      guard let members = value.objectValue, Set(members.keys) == ["dtype", "shape", "data_offsets"] else {
        throw .invalidTensor(name: name, "it needs exactly dtype, shape and data_offsets")
      }
      guard let typeName = members["dtype"]?.stringValue, let type = ElementType(rawValue: typeName) else {
        let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalidTensor(name: name, "its dtype is none of \(known)")
      }
      guard let shape = Entry.lengths(members["shape"]) else {
        throw .invalidTensor(name: name, "its shape is not a list of whole numbers")
      }
      guard let offsets = Entry.lengths(members["data_offsets"]), offsets.count == 2, offsets[0] <= offsets[1] else {
        throw .invalidTensor(name: name, "its data_offsets are not two rising whole numbers")
      }
      var byteCount = type.byteCount
      for length in shape {
        let product = byteCount.multipliedReportingOverflow(by: length)
        guard !product.overflow else { throw .invalidTensor(name: name, "its shape overflows") }
        byteCount = product.partialValue
      }
      guard byteCount == offsets[1] - offsets[0] else {
        throw .invalidTensor(
          name: name, "its shape needs \(byteCount) bytes, its data_offsets hold \(offsets[1] - offsets[0])")
      }
      self.type = type
      self.shape = shape
      (begin, end) = (offsets[0], offsets[1])
    }

    private static func lengths(_ value: JSON?) -> [Int]? {
      guard let elements = value?.arrayValue else { return nil }
      var lengths: [Int] = []
      for element in elements {
        guard case .integer(let length) = element, length >= 0 else { return nil }
        lengths.append(Int(length))
      }
      return lengths
    }
  }
}

/// What is wrong with a safetensors file.
public enum SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file is shorter than its own header says.
  case truncated(expectedBytes: Int, foundBytes: Int)
  /// The file is longer than its own header says.
  case trailingBytes(expectedBytes: Int, foundBytes: Int)
  /// The header's length is beyond what is read.
  case headerTooLong(bytes: UInt64)
  /// The header is no JSON.
  case invalidJSON(JSONError)
  /// The header is JSON of the wrong shape.
  case invalidHeader(String)
  /// One tensor's line in the header does not hold together.
  case invalidTensor(name: String, String)

  /// One sentence for the user, which a terminal can show whatever the file holds.
  public var description: String { PrintableText.sentence(sentence) }

  private var sentence: String {
    switch self {
    case .truncated(let expected, let found): "the file ends after \(found) bytes, at least \(expected) are needed"
    case .trailingBytes(let expected, let found):
      "the file has \(found) bytes where its header accounts for \(expected)"
    case .headerTooLong(let bytes):
      "the header's length of \(bytes) bytes is beyond the limit of \(Safetensors.maximumHeaderBytes)"
    case .invalidJSON(let error): "the header is \(error)"
    case .invalidHeader(let reason): "the header is not usable: \(reason)"
    case .invalidTensor(let name, let reason): "tensor '\(name)' is not usable: \(reason)"
    }
  }
}

private func littleEndianBytes<Word: FixedWidthInteger>(_ words: some Sequence<Word>) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(words.underestimatedCount * (Word.bitWidth / 8))
  for word in words { withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) } }
  return bytes
}
