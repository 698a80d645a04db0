// The safetensors container: round trips, the format's rules, and refusal of everything else.

import Inference
import Kernels
import Testing
import Text

@Suite struct SafetensorsTests {
  static let container = Safetensors(
    metadata: ["note": "caf\u{E9} \"quoted\""],
    tensors: [
      .init("flags", shape: [3], [1, 0, 255] as [UInt8]),
      .init("weights", shape: [2, 2], [1, -2.5, .nan, 0] as [Float]),
      .init("moments", shape: [2], [1e-300, -1] as [Double]), .init("count", shape: [], [1e-4] as [Double]),
      .init("whole", shape: [2], [Int64.min, 7] as [Int64]), .init("small", shape: [1, 2], [-1, 2] as [Int32]),
      .init("empty", shape: [0, 4], [] as [Float]),
    ])

  @Test func readsBackWhatItWrote() throws {
    let bytes = Self.container.encode()
    let read = try Safetensors.decode(bytes)
    #expect(read.metadata == Self.container.metadata)
    #expect(Set(read.tensors) == Set(Self.container.tensors))
    #expect(read.tensor("weights")?.floats?.map(\.bitPattern) == ([1, -2.5, .nan, 0] as [Float]).map(\.bitPattern))
    #expect(read.tensor("moments")?.doubles == [1e-300, -1] && read.tensor("count")?.doubles == [1e-4])
    #expect(read.tensor("whole")?.int64s == [.min, 7] && read.tensor("small")?.int32s == [-1, 2])
    #expect(read.tensor("flags")?.unsignedBytes == [1, 0, 255] && read.tensor("empty")?.floats == [])
    #expect(read.tensor("flags")?.floats == nil && read.tensor("none") == nil)
    #expect(read.tensor("weights")?.shape == [2, 2] && read.tensor("count")?.shape == [])
    #expect(read.encode() == bytes)
  }

  @Test func theHeaderIsPaddedAndTensorsAreAligned() throws {
    let bytes = Self.container.encode()
    let length = bytes[..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    #expect(length % 8 == 0)
    let header = try JSON.parse(Array(bytes[8..<(8 + length)]))
    for tensor in Self.container.tensors {
      let begin = try #require(header[tensor.name]?["data_offsets"]?.arrayValue?.first?.integerValue)
      #expect(begin % tensor.elementType.byteCount == 0)
    }
  }

  static func file(_ header: String, data: Int) -> [UInt8] {
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
    bytes += Array(header.utf8)
    return bytes + [UInt8](repeating: 0, count: data)
  }

  @Test func readsAHeaderOfAnotherWriter() throws {
    let header =
      #"{ "b": {"shape":[1],"dtype":"U8","data_offsets":[8,9]}, "a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]} }   "#
    let read = try Safetensors.decode(Self.file(header, data: 9))
    #expect(read.tensors.map(\.name) == ["a", "b"] && read.metadata.isEmpty)
    #expect(try Safetensors.decode(Self.file("{}", data: 0)).tensors.isEmpty)
  }

  @Test(
    arguments: [
      ("[]", 0), ("{", 0), (" {}", 0), ("{}x", 0), (#"{"a":1}"#, 0), (#"{"__metadata__":{"a":1}}"#, 0),
      (#"{"__metadata__":[]}"#, 0),
      (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4), (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4),
      (#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, 4),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),
      (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4),
      (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, 4),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        4
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
        12
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        8
      ),
      (#"{"a":{"dtype":"U8","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,1]}}"#, 1),
      (#"{"a":{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,0]}}"#, 0),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5),
      (#"{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#, 8),
    ] as [(String, Int)])
  func refusesWhatBreaksTheRules(header: String, data: Int) {
    #expect(throws: SafetensorsError.self) { try Safetensors.decode(Self.file(header, data: data)) }
  }

  @Test func namesTruncationAndAbsurdLengths() {
    let bytes = Self.container.encode()
    #expect(throws: SafetensorsError.truncated(expectedBytes: 8, foundBytes: 0)) { try Safetensors.decode([]) }
    #expect(throws: SafetensorsError.truncated(expectedBytes: 8, foundBytes: 5)) {
      try Safetensors.decode(Array(bytes[..<5]))
    }
    #expect(throws: SafetensorsError.truncated(expectedBytes: bytes.count, foundBytes: bytes.count - 1)) {
      try Safetensors.decode(Array(bytes.dropLast()))
    }
    #expect(throws: SafetensorsError.trailingBytes(expectedBytes: bytes.count, foundBytes: bytes.count + 1)) {
      try Safetensors.decode(bytes + [0])
    }
    #expect(throws: SafetensorsError.headerTooLong(bytes: .max)) {
      try Safetensors.decode([UInt8](repeating: 255, count: 64))
    }
  }

  @Test func damagedFilesNeverTrap() {
    let source = Self.container.encode()
    var stream = RandomStream(seed: 31, purpose: .market)
    for _ in 0..<2000 {
      var bytes = source
      for _ in 0...Int(stream.nextInteger(below: 4)) {
        bytes[Int(stream.nextInteger(below: UInt64(bytes.count)))] = UInt8(truncatingIfNeeded: stream.next())
      }
      if stream.nextInteger(below: 3) == 0 { bytes.removeLast(Int(stream.nextInteger(below: UInt64(bytes.count)))) }
      if let read = try? Safetensors.decode(bytes) {
        #expect(read.tensors.allSatisfy { $0.bytes.count <= bytes.count })
      }
    }
  }
}
