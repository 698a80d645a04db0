// The readers of market stores and checkpoints, through the files that the programs read.

import AgentInterface
import Environments
import Kernels
import Market
import Storage
import TestSupport
import Text
import Training

/// A market store, up to the environments that are made of it.
final class StoreSubject: Subject {
  static let name = "store"
  private let folder: TemporaryFolder
  private let damage = SealedDamage()

  init() throws { folder = try TemporaryFolder() }

  func seeds() throws -> [[UInt8]] {
    let small = SyntheticTape.series(bars: 3, seed: 1)
    let report = QualityGate.examine(small, allowances: [])
    let source = ImportProvenance(
      sourceName: "bars.csv", sourceSHA256: String(repeating: "0", count: 64), layout: "tickers", rows: 6,
      symbols: small.map(\.symbol), importerVersion: 1)
    return [
      try file(small, [source], report), try file([small[0]], [], nil), try file([], [], nil),
    ]
  }

  private func file(_ series: [BarSeries], _ provenance: [ImportProvenance], _ report: QualityReport?) throws -> [UInt8]
  {
    let path = folder.place("seed")
    try MarketStore.write(
      series, provenance: provenance, qualityReport: report, created: "2026-01-01T00:00:00Z", to: path)
    return try FileSystem.read(path)
  }

  private static let tokens = [
    "\"passed\":true", "\"fail\"", "\"rows\":-1", "[]", "{}", "null", "AAA", "\"AAA\"", "dates", "close",
    "\"day\":2147483647",
    "-2147483648",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: StoreSubject.tokens)
    return mutator.chance(1, in: 4) ? try forged(&mutator) : damage.input(&mutator, pool: pool)
  }

  /// A file that is whole and holds what no importer would have stored, under a record that it passed.
  private func forged(_ mutator: inout Mutator) throws -> [UInt8] {
    var series = SyntheticTape.series(bars: 1 + mutator.below(140), seed: UInt64(mutator.below(100)))
    for _ in 0..<mutator.below(4) {
      let symbol = mutator.below(series.count)
      let row = mutator.below(series[symbol].count)
      let value = mutator.pick([
        0, -0.0, -1, .nan, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e-300, 1e300,
        0x1p53,
      ])
      switch mutator.below(7) {
      case 0:
        series[symbol].dates[row] = CalendarDate(
          daysSinceEpoch: mutator.pick([.min, .max, .max - 1, 0, -1, 11_323, 2_932_896, 2_932_897, -719_163]))
      case 1: series[symbol].open[row] = value
      case 2: series[symbol].high[row] = value
      case 3: series[symbol].low[row] = value
      case 4: series[symbol].close[row] = value
      case 5: series[symbol].volume[row] = value
      default: series[symbol].adjustmentFactors[row] = value
      }
    }
    var report = QualityGate.examine(series, allowances: [])
    if mutator.chance(1, in: 2) {
      report.passed = true
      report.findings = []
    }
    return try file(series, [], report)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let path = folder.place("in.h5")
    try folder.write(bytes, to: "in.h5")
    var verdict = Verdict.refused
    do {
      let store = try MarketStore.read(path)
      verdict = .read
      for one in store.series {
        for column in [one.open, one.high, one.low, one.close, one.volume, one.adjustmentFactors] {
          try require(column.count == one.dates.count, "columns of different lengths")
        }
      }
      // Written again, it is the same.
      try MarketStore.write(
        store.series, provenance: store.provenance, qualityReport: store.qualityReport, created: store.created,
        to: folder.place("out.h5"))
      try require(try MarketStore.read(folder.place("out.h5")).contentHash == store.contentHash, "other content")
    } catch let error as StorageError {
      _ = try refusal(error.description, names: path)
    }
    do {
      for line in try StorageInspection.describe(path) { _ = try refusal(String((line.0 + line.1).prefix(1000))) }
    } catch let error as StorageError {
      _ = try refusal(error.description, names: path)
    }
    do throws(TrainingError) {
      var configuration = RunConfiguration()
      configuration.world.store = path
      configuration.world.episodeLength = 5
      configuration.split.trainingFrom = CalendarDate(daysSinceEpoch: 11_323 + 80)
      configuration.split.trainingUntil = CalendarDate(daysSinceEpoch: 11_323 + 120)
      configuration.split.selectionFrom = CalendarDate(daysSinceEpoch: 11_323 + 121)
      configuration.split.selectionUntil = CalendarDate(daysSinceEpoch: 11_323 + 160)
      let factory = try EnvironmentFactory(configuration)
      _ = try factory.trainingLanes(count: 2)
      _ = try factory.walk(.selection)
    } catch {
      _ = try refusal(error.description)
    }
    return verdict
  }
}

/// Checkpoint files: the container of a run's state.
final class CheckpointSubject: Subject {
  static let name = "checkpoint"
  private let folder: TemporaryFolder
  private let damage = SealedDamage()

  init() throws { folder = try TemporaryFolder() }

  func seeds() throws -> [[UInt8]] {
    let checkpoint = Checkpoint(
      attributes: ["run": "seed", "configuration": RunConfiguration().json.text, "empty": ""],
      groups: [
        "network": StateRecord(floats: ["parameters": [1, -0.0, .infinity, .leastNonzeroMagnitude]]),
        "optimizer": StateRecord(floats: ["first_moment": [0.5], "second_moment": []], integers: ["step": [7]]),
        "algorithm/normalizer": StateRecord(doubles: ["observation/mean": [.pi, -1], "none": []]),
        "progress": StateRecord(),
      ])
    // Attributes beyond 64 KiB lie in a heap of their own.
    let large = Checkpoint(attributes: ["configuration": String(repeating: "setting ", count: 9000)])
    return [try checkpoint.encoded(), try Checkpoint().encoded(), try large.encoded()]
  }

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(
      random: random, tokens: ["schema_version", "state_record", "network", "parameters", "1", "\u{0}", "..", "/"])
    return damage.input(&mutator, pool: pool)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let path = folder.place("in.h5")
    try folder.write(bytes, to: "in.h5")
    var verdict = Verdict.refused
    do {
      let checkpoint = try CheckpointStore.load(path)
      verdict = .read
      // No file can hold more numbers than bytes.
      let count = checkpoint.groups.values.reduce(0) { sum, record in
        sum + record.floats.values.reduce(0) { $0 + 4 * $1.count }
          + record.doubles.values.reduce(0) { $0 + 8 * $1.count }
          + record.integers.values.reduce(0) { $0 + 8 * $1.count }
      }
      try require(count <= bytes.count, "\(count) bytes of numbers in a file of \(bytes.count)")
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
}
