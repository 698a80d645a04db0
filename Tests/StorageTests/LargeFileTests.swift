// What the HDF5 library lays out in more than one way comes back from all of them: headers, heaps of every depth, and texts by themselves.

import AgentInterface
import Testing

@testable import Storage

@Suite struct LargeFileTests {
  /// Few links lie in a group's header, more in a heap, and of long names so many that the heap lists lists of blocks.
  @Test(arguments: [(8, 5), (9, 5), (60, 150), (4000, 180)]) func vectors(count: Int, nameBytes: Int) throws {
    var record = StateRecord()
    for number in 0..<count {
      let name = "v\(number)-"
      record.floats[name + String(repeating: "n", count: max(0, nameBytes - name.utf8.count))] = [Float(number), 0.5]
    }
    let checkpoint = Checkpoint(groups: ["network": record, "progress": StateRecord(integers: ["step": [7]])])
    #expect(try Checkpoint(decoding: checkpoint.encoded(), path: "x.h5") == checkpoint)
  }

  /// Attributes likewise; a text beyond 64 KiB has a place of its own.
  @Test(arguments: [(7, 20), (40, 20), (40, 1000), (300, 9000)]) func texts(count: Int, bytes: Int) throws {
    var checkpoint = Checkpoint(groups: ["network": StateRecord(floats: ["parameters": [1]])])
    for number in 0..<count { checkpoint.attributes["text-\(number)"] = String(repeating: "t", count: bytes + number) }
    #expect(try Checkpoint(decoding: checkpoint.encoded(), path: "x.h5") == checkpoint)
  }

  @Test func textsAroundTheLargestOfAHeap() throws {
    var checkpoint = Checkpoint()
    for bytes in Array(65_440...65_560).filter({ $0 % 7 == 0 }) + [131_072, 1 << 20] {
      checkpoint.attributes["text-\(bytes)"] = String(repeating: "t", count: bytes)
    }
    #expect(try Checkpoint(decoding: checkpoint.encoded(), path: "x.h5") == checkpoint)
    checkpoint.attributes = ["one": String(repeating: "o", count: 65_000)]
    #expect(try Checkpoint(decoding: checkpoint.encoded(), path: "x.h5") == checkpoint)
  }
}
