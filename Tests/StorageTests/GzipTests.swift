// Gzip comes back, or says what is wrong with it.

import Testing

@testable import Storage

@Suite struct GzipTests {
  private func inflated(_ bytes: [UInt8], limitBytes: Int = 1 << 20) -> Result<[UInt8], StorageError> {
    Result { () throws(StorageError) in try Gzip.inflate(bytes, path: "bars.gz", limitBytes: limitBytes) }
  }

  /// `printf 'open,close\n1,2\n' | gzip -n`, by GNU gzip 1.12.
  private let foreign: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x2f, 0x48, 0xcd, 0xd3, 0x49, 0xce, 0xc9, 0x2f,
    0x4e, 0xe5, 0x32, 0xd4, 0x31, 0xe2, 0x02, 0x00, 0x92, 0x53, 0x13, 0x47, 0x0f, 0x00, 0x00, 0x00,
  ]

  @Test(arguments: [0, 1, 1000, 262_144, 600_000]) func comesBack(size: Int) throws {
    var random = SplitMix(seed: 1)
    let bytes = (0..<size).map { _ in UInt8(random.next(below: 16)) }
    let packed = try Gzip.deflate(bytes, path: "x")
    #expect(Gzip.isCompressed(packed))
    #expect(inflated(packed) == .success(bytes))
    #expect(try Gzip.deflate(bytes, path: "x") == packed)
  }

  @Test func readsWhatOthersPacked() {
    #expect(inflated(foreign) == .success(Array("open,close\n1,2\n".utf8)))
  }

  @Test func membersBehindEachOtherAreOneFile() throws {
    let packed = try Gzip.deflate([1, 2], path: "x") + Gzip.deflate([], path: "x") + Gzip.deflate([3], path: "x")
    #expect(inflated(packed) == .success([1, 2, 3]))
  }

  @Test func everyTruncationIsNamed() throws {
    let packed = try Gzip.deflate(Array("open,high,low,close\n1,2,3,4\n".utf8), path: "x")
    for length in 0..<packed.count {
      guard case .failure(.compressed("bars.gz", _, .truncated)) = inflated(Array(packed[..<length])) else {
        Issue.record("\(length) of \(packed.count) bytes: \(inflated(Array(packed[..<length])))")
        continue
      }
    }
  }

  /// The header's time, flags for speed and system, and the padding bits of the last packed byte carry nothing that the format checks; all
  /// other damage is noticed.
  @Test func damageIsNamedOrHarmless() throws {
    let bytes = Array("open,high,low,close\n1,2,3,4\n".utf8)
    let packed = try Gzip.deflate(bytes, path: "x")
    for place in packed.indices {
      for bit in 0..<8 {
        var changed = packed
        changed[place] ^= 1 << UInt8(bit)
        switch inflated(changed) {
        case .success(let found):
          let carriesNothing = (3..<10).contains(place) || place == packed.count - 9
          #expect(carriesNothing && found == bytes, "byte \(place), bit \(bit)")
        case .failure(let error): #expect(error.description.contains("'bars.gz' cannot be unpacked"))
        }
      }
    }
  }

  @Test func whatFollowsIsNamed() throws {
    let packed = try Gzip.deflate([1, 2], path: "x")
    #expect(
      inflated(packed + [9, 9, 9])
        == .failure(.compressed(path: "bars.gz", offset: 2, problem: .trailingBytes(count: 3))))
  }

  @Test func growthIsBounded() throws {
    let packed = try Gzip.deflate([UInt8](repeating: 0, count: 3 << 20), path: "x")
    #expect(packed.count < 10_000)
    guard case .failure(.compressed("bars.gz", _, .tooLarge(limitBytes: 1_048_576))) = inflated(packed) else {
      Issue.record("\(inflated(packed))")
      return
    }
    #expect(inflated(packed, limitBytes: 3 << 20) == .success([UInt8](repeating: 0, count: 3 << 20)))
  }
}
