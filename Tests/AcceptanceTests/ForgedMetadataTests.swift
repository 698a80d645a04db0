// Files whose HDF5 metadata somebody made on purpose, with every checksum and digest true, end no program.

import Kernels
import TestSupport
import Testing

@Suite struct ForgedMetadataTests {
  /// A market and a run's checkpoint, as the programs write them.
  private static let stage = Result { () throws -> Workplace in
    let place = try Workplace()
    try place.importMarket(bars: 120)
    try place.train("run", Workplace.planted("cue", algorithm: "ppo_lstm_mask"), "run.total_timesteps=1024")
    return place
  }

  static let files = ["market.h5", "checkpoints/run/checkpoint-1024.h5"]

  /// A sentence, or the lines of `inspect`; never a signal.
  private func expectAnswer(_ bytes: [UInt8], _ path: String, in place: Workplace, _ what: String) throws -> Bool {
    try place.folder.write(Envelope.sealed(bytes), to: path)
    let outcome = try place.strikeforge("inspect", path)
    if outcome.exitCode == 0 { return false }
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(what): \(outcome)")
    #expect(outcome.errors.contains("'\(path)'") && outcome.errors.contains(";"), "\(what): \(outcome)")
    return true
  }

  /// The address of a group's links, and all of a heap's form: what once ended the library with a signal, or took gigabytes.
  @Test(arguments: files) func linksAndHeapsThatLeadAstray(_ path: String) throws {
    let place = try Workplace(copying: Self.stage.get())
    let whole = try place.folder.bytes(path)
    let blocks = HDF5Blocks(whole).blocks
    func first(_ signature: String) -> HDF5Blocks.Block? {
      blocks.first { whole[$0.range].starts(with: signature.utf8) }
    }
    // Kind, length, flags, version, flags: what a group says of its links. Where they are few, the heap's address is none.
    let front: [UInt8] = [2, 18, 0]
    let nowhere = [UInt8](repeating: 0xFF, count: 8)
    var places: [(block: HDF5Blocks.Block, address: Int)] = []
    for block in blocks {
      for place in block.range.dropLast(14)
      where whole[place...].starts(with: front) && whole[(place + 6)...].starts(with: nowhere) {
        places.append((block, place + 6))
      }
    }
    try #require(!places.isEmpty)
    let group = places[0]
    for address: [UInt8] in [[1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0x40]] {
      var bytes = whole
      bytes.replaceSubrange(group.address..<group.address + 8, with: address)
      HDF5Blocks.repair(group.block, &bytes)
      #expect(try expectAnswer(bytes, path, in: place, "links at \(address)"))
    }
    // The attributes of a checkpoint are too many for a header.
    guard let heap = first("FRHP") else {
      #expect(path == "market.h5")
      return
    }
    for (offset, count) in [(5, 2), (110, 2), (112, 8), (120, 8), (128, 2), (132, 8)] {
      for value: UInt8 in [0, 0xFE] {
        var bytes = whole
        for byte in 0..<count { bytes[heap.range.lowerBound + offset + byte] = value }
        HDF5Blocks.repair(heap, &bytes)
        #expect(try expectAnswer(bytes, path, in: place, "\(count) bytes of \(value) at \(offset) of a heap"))
      }
    }
  }

  @Test(arguments: files) func anyForgedByte(_ path: String) throws {
    let place = try Workplace(copying: Self.stage.get())
    let whole = try place.folder.bytes(path)
    let blocks = HDF5Blocks(whole).blocks
    var random = RandomStream(seed: 3, purpose: .market)
    var refused = 0
    let trials = SlowTests.areEnabled ? 400 : 24
    for _ in 0..<trials {
      let block = blocks[Int(random.nextInteger(below: UInt64(blocks.count)))]
      let position = block.range.lowerBound + Int(random.nextInteger(below: UInt64(block.range.count)))
      var bytes = whole
      bytes[position] = UInt8(truncatingIfNeeded: random.next())
      HDF5Blocks.repair(block, &bytes)
      if try expectAnswer(bytes, path, in: place, "byte \(position) is \(bytes[position])") { refused += 1 }
    }
    #expect(refused > trials / 8, "\(refused) of \(trials)")
  }
}
