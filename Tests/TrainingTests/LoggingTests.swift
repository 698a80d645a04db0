// What is logged: the file that reads back to the bit, and what a person sees.

import Kernels
import RunSupport
import Storage
import TestSupport
import Testing
import Training

@Suite struct CSVSinkTests {
  private static let header = MetricNames.all.joined(separator: ",") + "\n"

  private func row(_ step: Int, _ values: [String: Double] = [:]) -> MetricRow {
    var row = MetricRow(step: step)
    row["time/total_timesteps"] = Double(step)
    for (name, value) in values { row[name] = value }
    return row
  }

  private func write(_ steps: [Int], to path: String) throws {
    let sink = try CSVSink(path: path, resumeStep: nil)
    for step in steps { try sink.write(row(step, ["train/loss": 1 / Double(step)])) }
  }

  @Test func numbersReadBackToTheSameBits() throws {
    var random = RandomStream(seed: 3, purpose: .market)
    var values: [Double] = [
      0, -0.0, 1, -1, 0.1, 1.0 / 3, 1e15, 999_999_999_999_999, 1e300, -1e-300, .leastNonzeroMagnitude, .infinity,
      -.infinity, .pi,
      .greatestFiniteMagnitude, .leastNormalMagnitude,
    ]
    for _ in 0..<1_000 {
      let value = Double(bitPattern: random.next())
      if !value.isNaN { values.append(value) }
    }
    for value in values {
      #expect(Double(CSVSink.text(value))?.bitPattern == value.bitPattern, "\(value) as \(CSVSink.text(value))")
    }
    #expect(Double(CSVSink.text(.nan))?.isNaN == true)
    #expect(CSVSink.text(128) == "128")
  }

  @Test func writesFixedColumns() throws {
    try withScratchFolder { folder in
      let path = FileSystem.join(folder, "progress.csv")
      let sink = try CSVSink(path: path, resumeStep: nil)
      try sink.write(row(128, ["train/loss": 0.25, "eval/mean_reward": .nan]))
      try sink.flush()
      let lines = try text(ofFile: path).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 3 && lines[2].isEmpty && lines[0] + "\n" == CSVSinkTests.header)
      let fields = lines[1].split(separator: ",", omittingEmptySubsequences: false)
      let named = Dictionary(uniqueKeysWithValues: zip(MetricNames.all, fields))
      #expect(fields.count == MetricNames.all.count && fields.filter { !$0.isEmpty }.count == 3)
      #expect(
        named["train/loss"] == "0.25" && named["time/total_timesteps"] == "128" && named["eval/mean_reward"] == "nan")
    }
  }

  @Test func isCutBackToTheCheckpoint() throws {
    try withScratchFolder { folder in
      let whole = FileSystem.join(folder, "whole.csv")
      try write([100, 200, 300], to: whole)
      let original = try text(ofFile: whole)
      let short = FileSystem.join(folder, "short.csv")
      try write([100, 200], to: short)
      let expected = try text(ofFile: short)

      let path = FileSystem.join(folder, "progress.csv")
      func resumed(_ content: String, step: Int) throws -> String {
        try AtomicWrite.write(text: content, to: path)
        _ = try CSVSink(path: path, resumeStep: step)
        return try text(ofFile: path)
      }
      #expect(try resumed(original, step: 300) == original)
      #expect(try resumed(original, step: 200) == expected)
      #expect(try resumed(original, step: 299) == expected)
      #expect(try resumed(original, step: 0) == CSVSinkTests.header)
      // A last line that is not whole, at every length of it.
      for length in expected.utf8.count..<original.utf8.count {
        #expect(try resumed(String(original.prefix(length)), step: 300) == expected)
      }
      // A line that is no row, and what follows it.
      #expect(try resumed(expected + "x\n" + expected, step: 300) == expected)
      // Killed before the header was whole.
      for length in [0, 1, 10, CSVSinkTests.header.utf8.count - 1] {
        #expect(try resumed(String(CSVSinkTests.header.prefix(length)), step: 0) == CSVSinkTests.header)
      }
      // Rows go on behind what was kept.
      try AtomicWrite.write(text: original, to: path)
      let sink = try CSVSink(path: path, resumeStep: 200)
      try sink.write(row(300, ["train/loss": 1 / 300.0]))
      #expect(try text(ofFile: path) == original)
    }
  }

  @Test func refusesForeignAndMissingPlaces() throws {
    try withScratchFolder { folder in
      let path = FileSystem.join(folder, "progress.csv")
      try AtomicWrite.write(text: "step,loss\n1,2\n", to: path)
      let foreign = try #require(trainingError { try CSVSink(path: path, resumeStep: 5) })
      #expect(foreign.description.contains(path) && foreign.description.contains("columns"))
      #expect(try text(ofFile: path) == "step,loss\n1,2\n")
      let nowhere = FileSystem.join(folder, "gone/progress.csv")
      let missing = try #require(trainingError { try CSVSink(path: nowhere, resumeStep: nil) })
      #expect(missing.description.contains(nowhere))
      let full = try CSVSink(path: "/dev/null", resumeStep: nil)
      try full.flush()
      let refused = try #require(trainingError { try CSVSink(path: "/dev/full", resumeStep: nil) })
      #expect(refused.description.contains("/dev/full"))
    }
  }
}

@Suite struct ConsoleSinkTests {
  @Test(arguments: [
    (0.0, "0"), (12, "12"), (-3, "-3"), (0.5, "0.5000"), (0.12345, "0.1235"), (1.5, "1.500"), (-1.5, "-1.500"),
    (12.345, "12.35"), (123.456, "123.5"), (0.012345, "0.01235"), (0.001, "0.00100"), (0.00025, "2.50e-4"),
    (0.00099999, "1.00e-3"), (31_415_926.5, "3.14e7"), (-31_415_926.5, "-3.14e7"), (1e12, "1.00e12"),
    (9.9999e-10, "1.00e-9"),
    (.nan, "undefined"), (.infinity, "undefined"), (999_999_999_999, "999999999999"),
  ]) func short(value: Double, expected: String) {
    #expect(ConsoleSink.short(value) == expected)
  }

  @Test(arguments: [
    (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (123456, "123,456"), (1234567, "1,234,567"), (-1234, "-1,234"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ]) func grouped(value: Int, expected: String) {
    #expect(ConsoleSink.grouped(value) == expected)
  }

  @Test(arguments: [
    (0.0, "0 s"), (8.4, "8 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3_599.7, "1 h 00 min"),
    (7_800, "2 h 10 min"),
    (1e12, "unknown time"), (.infinity, "unknown time"), (.nan, "unknown time"),
  ]) func duration(seconds: Double, expected: String) {
    #expect(ConsoleSink.duration(seconds) == expected)
  }

  @Test func progressStaysOnOneLine() {
    let line = ConsoleSink.progressLine(
      step: 260_000, totalSteps: 500_000, stepsPerSecond: 31_400, isBar: true, columns: 80)
    #expect(line.hasPrefix("[=") && line.hasSuffix("52 %  260,000 / 500,000 steps  31,400 steps/s  8 s left"))
    #expect(
      ConsoleSink.progressLine(step: 0, totalSteps: 100, stepsPerSecond: 0, isBar: false, columns: 80)
        == "  0 %  0 / 100 steps")
    for total in [1, 1_000, 500_000, 1_000_000_000_000] {
      for share in [0.0, 0.001, 0.5, 0.999, 1, 1.2] {
        for rate in [0, 0.001, 5, 31_400, 1e9, .infinity, .nan] {
          for columns in [20, 40, 80, 200] {
            let line = ConsoleSink.progressLine(
              step: Int(share * Double(total)), totalSteps: total, stepsPerSecond: rate, isBar: true, columns: columns)
            #expect(line.count < max(columns, 2) && !line.isEmpty)
          }
        }
      }
    }
  }

  @Test func tableHasOneWidthBelowEighty() {
    var row = MetricRow(step: 1)
    for name in MetricNames.all { row[name] = -1.2345e-300 }
    row["time/total_timesteps"] = 999_999_999_999
    let lines = ConsoleSink.table(row).split(separator: "\n")
    #expect(Set(lines.map(\.count)).count == 1 && lines[0].count <= 80)
    #expect(lines.first == lines.last && lines[0].allSatisfy { $0 == "-" })
    #expect(lines.count == MetricNames.all.count + 4 + 2)
    #expect(lines.contains { $0.contains("total_timesteps") && $0.contains("999999999999") })
    var few = MetricRow(step: 1)
    few["train/loss"] = 0.5
    #expect(
      ConsoleSink.table(few).split(separator: "\n").map(String.init) == [
        "--------------------", "| train/  |        |", "|    loss | 0.5000 |", "--------------------",
      ])
  }

  @Test func everyClockNameIsAMetric() {
    #expect(MetricNames.clockNames.isSubset(of: MetricNames.all))
    #expect(Set(MetricNames.all).count == MetricNames.all.count)
  }
}
