// What a stranger types first: four weekends in a folder of their own, from bars to a promotion and back, in less than ten minutes.

import Storage
import TestSupport
import Testing
import Text

@Suite struct RetrainDemoTests {
  private static let sample = "datasets/bokeh-daily.csv.gz"

  /// Real bars where `scripts/fetch-sample-data` has brought them.
  private static let bars: [UInt8]? = {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    return try? FileSystem.read(root + "/" + sample)
  }()

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func theDemoShowsAllOfItInTenMinutes() throws {
    let place = try Workplace()
    if let bars = Self.bars {
      try FileSystem.makeFolder(place.folder.place("datasets"))
      try place.folder.write(bars, to: Self.sample)
    }
    let clock = ContinuousClock()
    let begin = clock.now
    let outcome = try place.succeed(["retrain", "--demo"])
    let minutes = (clock.now - begin) / .seconds(60)
    for words in [
      "== four of four", "decision: patient is promoted", " again, no longer ",
      "$ strikeforge registry rollback planted",
    ] {
      #expect(outcome.output.contains(words), "\(words)\n\(outcome.output)")
    }
    let folder = place.folder.place("retrain-demo")
    for name in ["demo/0001", "demo/0002", "planted/0002"] {
      #expect(place.folder.exists("retrain-demo/weekends/\(name)/report.html"), "\(name)")
    }
    let verified = try Program.strikeforge.run(["registry", "verify"], in: folder)
    #expect(verified.exitCode == 0 && verified.lines.count == 2, "\(verified)\n\(verified.output)")
    ProofTable.record(
      "retrain: minutes of the demo on \(Self.bars == nil ? "made-up" : "real") bars",
      figure: "\((10 * minutes).rounded() / 10)",
      threshold: "<= 10", seeds: "1-3", holds: minutes <= 10)
    #expect(minutes <= 10)
  }
}
