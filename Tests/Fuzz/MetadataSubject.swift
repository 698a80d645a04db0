// Metadata of HDF5, forged: fields of headers, heaps and indices, with all checksums and digests made true again.

import AgentInterface
import Kernels
import Market
import Storage
import TestSupport

/// All kinds of files that are HDF5, each through its reader.
final class MetadataSubject: Subject {
  static let name = "metadata"
  private let folder: TemporaryFolder
  private var forms: [Int: Form] = [:]

  /// What is known of a document: its blocks, and where in it addresses count from.
  private struct Form {
    let blocks: HDF5Blocks
    let parts: ReplayParts?
    let base: Int

    init(_ bytes: [UInt8], isReplay: Bool) {
      parts = isReplay ? ReplayParts(bytes) : nil
      base = isReplay ? ReplayParts.headerBytes : Envelope.byteCount
      blocks = HDF5Blocks(bytes, outside: parts.map { [$0.data, $0.ledgers] } ?? [])
    }

    func address(_ block: HDF5Blocks.Block) -> UInt64 { UInt64(max(0, block.range.lowerBound - base)) }
  }

  init() throws { folder = try TemporaryFolder() }

  // MARK: Seeds

  /// Headers alone, links in a heap, attributes in a heap and beside it; numbers in vectors and matrices.
  func seeds() throws -> [[UInt8]] {
    let names = (0..<40).map { "name-\($0)" }
    let vectors = Dictionary(uniqueKeysWithValues: names.map { ($0, [Float(1), 2]) })
    let texts = Dictionary(uniqueKeysWithValues: names.map { ($0, String(repeating: $0, count: 10)) })
    let small = StateRecord(floats: ["parameters": [1, -2]], doubles: ["mean": [0.5]], integers: ["lane/step": [7]])
    let columns: [String: RolloutFile.Column] = [
      "observations": .init(.floats([1, 2, 3, 4]), width: 2), "actions": .init(.bytes([0, 1])),
      "episodes/first": .init(.integers([0])), "episodes/reward": .init(.doubles([0.25])),
    ]
    return [
      try store(), try Checkpoint(attributes: ["run": "seed"], groups: ["network": small]).encoded(),
      try Checkpoint(attributes: ["run": "seed"], groups: ["a/b": StateRecord(floats: vectors), "c": small]).encoded(),
      try Checkpoint(attributes: texts).encoded(),
      try Checkpoint(attributes: ["large": String(repeating: "setting ", count: 9000)]).encoded(),
      try RolloutFile(attributes: ["run": "seed"], columns: columns).encoded(),
      try RolloutFile(attributes: texts, columns: columns, content: .incident).encoded(), try replay(texts),
    ]
  }

  private func store() throws -> [UInt8] {
    let series = SyntheticTape.series(bars: 3, seed: 1)
    try MarketStore.write(
      series, provenance: [], qualityReport: QualityGate.examine(series, allowances: []),
      created: "2026-01-01T00:00:00Z", to: folder.place("seed.h5"))
    return try folder.bytes("seed.h5")
  }

  private func replay(_ texts: [String: String]) throws -> [UInt8] {
    let shape = ReplayShape(
      record: ReplayRecord(columns: 1, actionCount: 2, keepsMasks: false, precision: .float16), laneCount: 1,
      capacity: 10, spareRows: 0, totalRows: 0)
    _ = try ReplayFile.create(folder.place("replay.h5"), shape, attributes: texts)
    return try folder.bytes("replay.h5")
  }

  // MARK: Inputs

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: ["OHDR", "OCHK", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "BTIN"])
    let index = pool.pick(&mutator)
    let whole = pool.documents[index]
    let isReplay = whole.starts(with: ReplayFile.magic)
    let form = forms[index] ?? Form(whole, isReplay: isReplay)
    forms[index] = form
    guard !form.blocks.blocks.isEmpty else { return mutator.damaged(whole, others: pool.documents) }
    var bytes = whole
    repeat { change(&bytes, mutator.pick(form.blocks.blocks), form, &mutator) } while mutator.chance(1, in: 2)
    form.blocks.repair(&bytes)
    guard isReplay else { return Envelope.sealed(bytes) }
    form.parts?.sealDescription(&bytes)
    return bytes
  }

  private func change(_ bytes: inout [UInt8], _ block: HDF5Blocks.Block, _ form: Form, _ mutator: inout Mutator) {
    // Mostly behind the signature, without which nothing is looked at.
    let start = block.range.lowerBound + (mutator.chance(1, in: 16) ? 0 : 4)
    guard block.range.upperBound - start >= 8 else { return }
    let place = start + mutator.below(block.range.upperBound - start)
    let numberPlace = start + mutator.below(block.range.upperBound - start - 7)
    switch mutator.below(8) {
    case 0:
      let range = start..<block.range.upperBound
      bytes.replaceSubrange(range, with: mutator.changedInPlace(Array(bytes[range])))
    case 1: bytes[place] ^= 1 << UInt8(mutator.below(8))
    case 2: bytes[place] = mutator.pick([0, 1, 2, 3, 4, 8, 0x10, 0x15, 0x7F, 0x80, 0xFF, UInt8(mutator.below(256))])
    case 3: ReplayParts.write(self.address(bytes, block, form, &mutator), &bytes, numberPlace)
    case 4:
      // An address that stands there leads to another block.
      let known = form.blocks.blocks.map(form.address)
      let places = (start...block.range.upperBound - 8).filter { place in
        let word = ReplayParts.word(bytes, place)
        return word == .max || word > 0 && known.contains(word)
      }
      guard !places.isEmpty else { return }
      ReplayParts.write(self.address(bytes, block, form, &mutator), &bytes, mutator.pick(places))
    case 5:
      // What stands in another block of the same kind.
      let signature = Array(bytes[block.range.prefix(4)])
      let others = form.blocks.blocks.filter { bytes[$0.range].starts(with: signature) }
      let from = mutator.pick(others.isEmpty ? [block] : others).range
      let count = min(from.count, block.range.count)
      bytes.replaceSubrange(block.range.prefix(count), with: Array(bytes[from.prefix(count)]))
    case 6:
      // A little more or less, with the carry that belongs to it.
      let width = mutator.pick([1, 2, 4])
      let change = UInt64(bitPattern: Int64(mutator.pick([-16, -8, -1, 1, 2, 8, 16])))
      let value = (ReplayParts.word(bytes, numberPlace) & (1 << UInt64(8 * width) - 1)) &+ change
      for byte in 0..<width { bytes[numberPlace + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
    default:
      let width = mutator.pick([2, 4, 8])
      let value = mutator.pick([
        0, .max, 1 << UInt64(8 * width - 1), 1 << UInt64(8 * width - 1) - 1, UInt64(bytes.count),
      ])
      for byte in 0..<width { bytes[numberPlace + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
    }
  }

  /// One that leads to a block, to the block itself, beside one, or nowhere.
  private func address(
    _ bytes: [UInt8], _ block: HDF5Blocks.Block, _ form: Form, _ mutator: inout Mutator
  ) -> UInt64 {
    let other = form.address(mutator.pick(form.blocks.blocks))
    return mutator.pick([
      other, other, other, form.address(block), other &+ UInt64(mutator.below(16)), other &- 8, 0, 1,
      UInt64(bytes.count),
      UInt64(bytes.count) - 1, .max, .max - 1, 1 << 62, 1 << 63, UInt64(mutator.below(bytes.count)),
    ])
  }

  // MARK: Reading

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let path = folder.place("in.h5")
    try folder.write(bytes, to: "in.h5")
    var verdict = Verdict.refused
    do {
      // No file can hold more than its bytes.
      try require(try Self.contentBytes(path) <= bytes.count, "more content than the file has bytes")
      verdict = .read
    } catch let error as StorageError {
      _ = try refusal(error.description, names: path)
    }
    do {
      for line in try StorageInspection.describe(path) { _ = try refusal(String((line.0 + line.1).prefix(1000))) }
    } catch let error as StorageError {
      _ = try refusal(error.description, names: path)
    }
    return verdict
  }

  /// Texts and numbers of a file.
  private static func contentBytes(_ path: String) throws -> Int {
    func texts(_ attributes: [String: String]) -> Int {
      attributes.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }
    func rollouts(_ file: RolloutFile) -> Int {
      file.columns.values.reduce(texts(file.attributes)) { $0 + $1.values.count }
    }
    switch try StorageInspection.kind(path) {
    case .marketStore: return try MarketStore.read(path).series.reduce(0) { $0 + 52 * $1.count }
    case .checkpoint:
      let checkpoint = try CheckpointStore.load(path)
      return checkpoint.groups.values.reduce(texts(checkpoint.attributes)) { sum, record in
        sum + record.floats.values.reduce(0) { $0 + 4 * $1.count }
          + record.doubles.values.reduce(0) { $0 + 8 * $1.count }
          + record.integers.values.reduce(0) { $0 + 8 * $1.count }
      }
    case .rollouts: return rollouts(try RolloutFile.read(path))
    case .incident: return rollouts(try RolloutFile.read(path, content: .incident))
    case .volatilityHistory:
      let history = try VolatilityHistoryFile.read(path).history
      return 16 * history.days.count
    case .fittedSurfaces:
      let surfaces = try FittedSurfaceFile.read(path).surfaces
      return surfaces.reduce(0) { $0 + 16 + 8 * $1.expiries.count }
    case nil: return texts(try ReplayFile.open(path).attributes)
    }
  }
}
