// The logs for other programs: lines of JSON, and TensorBoard's event files down to their bytes.

import AgentInterface
import Algorithms
import RunSupport
import Storage
import TestSupport
import Testing
import Text

@testable import Training

private func row(_ step: Int, _ values: [String: Double] = [:]) -> MetricRow {
  var row = MetricRow(step: step)
  row["time/total_timesteps"] = Double(step)
  row["train/loss"] = 1 / Double(step)
  for (name, value) in values { row[name] = value }
  return row
}

@Suite struct JSONLinesSinkTests {
  @Test func aRowIsOneObject() throws {
    let line = JSONLinesSink.line(
      row(128, ["eval/mean_reward": .nan, "train/clip_range_vf": 0.2, "train/loss": -0.25, "own/number": 3]))
    #expect(
      line == #"{"step":128,"eval/mean_reward":null,"time/total_timesteps":128,"train/loss":-0.25,"#
        + #""train/clip_range_vf":0.2,"own/number":3}"# + "\n")
    #expect(try JSON.parse(line)["train/clip_range_vf"]?.doubleValue == 0.2)
  }

  @Test func isCutBackToTheCheckpoint() throws {
    try withScratchFolder { folder in
      let path = FileSystem.join(folder, "metrics.jsonl")
      let rows = [100, 200, 300].map { JSONLinesSink.line(row($0)) }
      func resumed(_ content: String, step: Int) throws -> String {
        try AtomicWrite.write(text: content, to: path)
        _ = try JSONLinesSink(path: path, resumeStep: step)
        return try text(ofFile: path)
      }
      let whole = rows.joined()
      let two = rows[0] + rows[1]
      #expect(try resumed(whole, step: 300) == whole)
      #expect(try resumed(whole, step: 299) == two && resumed(whole, step: 200) == two)
      #expect(try resumed(whole, step: 0) == "" && resumed("", step: 300) == "")
      // A last line that is not whole, at every length of it; then a line that is no row, and what follows it.
      for length in two.utf8.count..<whole.utf8.count {
        #expect(try resumed(String(whole.prefix(length)), step: 300) == two)
      }
      #expect(try resumed(two + "{}\n" + rows[2], step: 300) == two)
      // Rows go on behind what was kept.
      try AtomicWrite.write(text: whole, to: path)
      let sink = try JSONLinesSink(path: path, resumeStep: 200)
      try sink.write(row(300))
      try sink.flush()
      #expect(try text(ofFile: path) == whole)
      // Somebody else's file stays as it is.
      try AtomicWrite.write(text: "notes\n", to: path)
      let foreign = try #require(trainingError { try JSONLinesSink(path: path, resumeStep: 300) })
      #expect(foreign.description.contains(path) && foreign.description.contains("no row of metrics"))
      #expect(try text(ofFile: path) == "notes\n")
    }
  }

  @Test func aFullDiskIsNamed() throws {
    let sink = try JSONLinesSink(path: "/dev/full", resumeStep: nil)
    let full = try #require(trainingError { try sink.write(row(1)) })
    #expect(full.description.contains("/dev/full") && full.description.contains("free some space"))
    let nowhere = try #require(trainingError { try JSONLinesSink(path: "/proc/none/metrics.jsonl", resumeStep: nil) })
    #expect(nowhere.description.contains("/proc/none/metrics.jsonl"))
  }
}

@Suite struct TensorBoardSinkTests {
  /// RFC 3720, B.4, and the check value of the catalogue of checksums.
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func checksums(bytes: [UInt8], expected: UInt32) {
    #expect(CRC32C.checksum(bytes) == expected)
  }

  /// The bytes that every event file begins with, and a scalar written by hand after the field numbers.
  @Test func bytesOfTheFormat() {
    var version = EventRecord(wallSeconds: 0)
    version.fileVersion = EventRecord.version
    let framed = version.framed
    #expect(framed.count == 8 + 4 + 24 + 4)
    #expect(framed[..<12].elementsEqual([24, 0, 0, 0, 0, 0, 0, 0, 0xA3, 0x7F, 0x4B, 0x22]))
    #expect(framed[21..<36].elementsEqual([0x1A, 13] + Array("brain.Event:2".utf8)))

    var event = EventRecord(wallSeconds: 1, step: 300)
    event.scalars = [.init(name: "a/b", value: 1)]
    #expect(
      event.encoded == [
        0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F,  // wall time 1.0
        0x10, 0xAC, 0x02,  // step 300
        0x2A, 12, 0x0A, 10, 0x0A, 3, 0x61, 0x2F, 0x62, 0x15, 0, 0, 0x80, 0x3F,  // summary: value: tag, simple_value 1.0
      ])
    var restart = EventRecord(wallSeconds: 0, step: 1)
    restart.isRestart = true
    #expect(restart.encoded.suffix(4) == [0x3A, 2, 0x08, 1])
    for one in [version, event, restart] {
      #expect(EventRecord.read(one.framed).map(\.event) == [one])
    }
  }

  /// Any cut and any changed byte ends the reading before that record, and never traps.
  @Test func damageEndsTheReading() {
    var first = EventRecord(wallSeconds: 5, step: 1)
    first.scalars = [.init(name: "train/loss", value: 0.5), .init(name: "train/n", value: .nan)]
    let second = EventRecord(wallSeconds: 6, step: 2)
    let bytes = first.framed + second.framed
    for length in bytes.indices {
      #expect(EventRecord.read(Array(bytes[..<length])).count == (length < first.framed.count ? 0 : 1))
    }
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << bit
        #expect(EventRecord.read(damaged).count == (place < first.framed.count ? 0 : 1))
      }
    }
  }

  @Test func scalarsStandAtTheirStep() throws {
    try withScratchFolder { folder in
      let sink = try TensorBoardSink(folder: folder, resumeStep: nil)
      try sink.write(row(128, ["eval/mean_reward": .infinity, "train/n_updates": 4, "time/fps": 10]))
      // Readable at once, before anything is closed.
      let events = try loggedEvents(folder)
      #expect(events.count == 2 && events[1].step == 128)
      #expect(
        events[1].scalars == [
          .init(name: "eval/mean_reward", value: .infinity), .init(name: "time/fps", value: 10),
          .init(name: "train/loss", value: 1 / 128),
        ])
      #expect(TensorBoardSink.leftOut.isSubset(of: MetricNames.all))
    }
  }

  @Test func aResumedRunIsOneCleanLine() throws {
    try withScratchFolder { folder in
      try AtomicWrite.write(text: "not ours", to: FileSystem.join(folder, "events.out.tfevents.1.host"))
      do {
        let sink = try TensorBoardSink(folder: folder, resumeStep: nil)
        for step in [100, 200, 300] { try sink.write(row(step)) }
        // Killed in the middle of a record.
        let path = FileSystem.join(folder, TensorBoardSink.name(1))
        try AtomicWrite.write(try FileSystem.read(path) + [24, 0, 0, 0], to: path)
      }
      do {
        let sink = try TensorBoardSink(folder: folder, resumeStep: 200)
        for step in [300, 400, 500] { try sink.write(row(step)) }
      }
      let sink = try TensorBoardSink(folder: folder, resumeStep: 300)
      try sink.write(row(400))
      try sink.flush()
      let events = try loggedEvents(folder)
      #expect(events.filter { !$0.scalars.isEmpty }.map(\.step) == [100, 200, 300, 400])
      #expect(events.filter(\.isRestart).map(\.step) == [201, 301])
      #expect(
        try FileSystem.names(inFolder: folder)
          == (1...3).map(TensorBoardSink.name) + ["events.out.tfevents.1.host"])
      #expect(try text(ofFile: FileSystem.join(folder, "events.out.tfevents.1.host")) == "not ours")
    }
  }

  @Test func aVanishedFolderIsNamed() throws {
    let error = try #require(trainingError { try TensorBoardSink(folder: "/proc/none", resumeStep: nil) })
    #expect(error.description.contains("/proc/none"))
  }
}

@Suite struct RunLogTests {
  @Test func logsCanBeSwitchedOff() throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("leak", .ppo)
      configuration.run.metricsJSONLines = false
      configuration.run.tensorBoard = false
      let directory = try RunDirectory.create(run: FileSystem.join(folder, "quiet"), prefix: "")
      let trainer = try Trainer(starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
      #expect(try trainer.run() == .finished)
      let names = try FileSystem.names(inFolder: directory.path)
      #expect(names.contains("progress.csv") && !names.contains("metrics.jsonl"))
      #expect(!names.contains { $0.contains("tfevents") })
    }
  }

  /// A number without a column is carried over a resume like all others, from a checkpoint of today and from one that an older program wrote,
  /// which saved places in a list instead of names.
  @Test(arguments: [false, true])
  func theClippedValueRangeSurvivesAResume(byPlace: Bool) throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("leak", .ppo)
      configuration.ppo.clipRangeValue = 0.3
      let whole = try train(configuration, in: folder, named: "whole")
      #expect(whole.lines.count == 6 && whole.lines[1].contains(#""train/clip_range_vf":0.3"#))
      do {
        let directory = try RunDirectory.create(run: FileSystem.join(folder, "stopped"), prefix: "")
        let trainer = try Trainer(
          starting: configuration, factory: try EnvironmentFactory(configuration), in: directory)
        #expect(try trainer.run { trainer.step == 256 } == .stopped(step: 256))
      }
      if byPlace { try saveByPlace(FileSystem.join(folder, "stopped/checkpoint-256.h5")) }
      let rest = try resumed(folder, "stopped")
      #expect(try rest.run() == .finished)
      #expect(try Outcome(rest) == whole)
    }
  }

  /// The place of each metric in older files.
  private static let places: [String: Int64] = [
    "eval/mean_ep_length": 0, "eval/mean_reward": 1, "time/sps_update": 11, "train/approx_kl": 12,
    "train/clip_fraction": 13, "train/clip_range": 14, "train/entropy_loss": 15, "train/explained_variance": 16,
    "train/grad_norm": 17, "train/learning_rate": 18, "train/loss": 19, "train/mask_allowed_frac": 20,
    "train/n_updates": 21, "train/policy_gradient_loss": 22, "train/value_loss": 25, "train/clip_range_vf": 26,
  ]

  /// Rewrites a checkpoint as an older program would have written it.
  private func saveByPlace(_ path: String) throws {
    var checkpoint = try CheckpointStore.load(path)
    let group = checkpoint.groups.removeValue(forKey: "carried")
    let carried = try #require(group).doubles.sorted { $0.key < $1.key }
    #expect(carried.count > 8 && carried.allSatisfy { $0.value.count == 1 })
    checkpoint.groups["progress"]?.integers["carried_count"] = nil
    checkpoint.groups["progress"]?.integers["carried_metrics"] = try carried.map { try #require(Self.places[$0.key]) }
    checkpoint.groups["progress"]?.doubles["carried_values"] = carried.map { $0.value[0] }
    try AtomicWrite.write(try checkpoint.encoded(path: path), to: path)
  }

  @Test func aPlaceBeyondTheListIsRefused() throws {
    for place in [-1, 28, Int64.max] {
      let state = StateRecord(
        doubles: ["progress/carried_values": [1]], integers: ["progress/carried_metrics": [place]])
      #expect(throws: RestoreError.self) { try CarriedMetrics.read(state) }
    }
    let names: [String: Double] = ["train/loss": -0.5, "some/new_metric": .infinity]
    #expect(try CarriedMetrics.read(CarriedMetrics.record(names)) == names)
  }
}
