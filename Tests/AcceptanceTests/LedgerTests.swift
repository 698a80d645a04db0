// A ledger under many hands: processes that append at once lose nothing, and whatever is changed afterwards is found.

import Kernels
import Storage
import TestSupport
import Testing
import Text

@Suite struct LedgerTests {
  /// 8 processes at once, 40 lines each; the long test has 1,000.
  @Test func manyProcessesLoseNoLine() throws {
    #expect(try lost(lines: 40) == 0)
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func eightProcessesLoseNoneOfEightThousandLines() throws {
    let lost = try lost(lines: 1000)
    ProofTable.record(
      "ledger: lines lost, 8 processes appending 1,000 each at once", figure: "\(lost)", threshold: "0", seeds: "-",
      holds: lost == 0)
    #expect(lost == 0)
  }

  /// How many of 8 processes' lines are missing, or not in their place in one chain.
  private func lost(lines count: Int) throws -> Int {
    let folder = try TemporaryFolder()
    let writers = (0..<8).map { "w\($0)" }
    let running = try writers.map { try Program.ledgerWriter.start(["log.jsonl", $0, "\(count)"], in: folder.path) }
    for one in running { #expect(try one.wait().exitCode == 0) }
    let log = try ChainedLog.read(folder.place("log.jsonl"))
    #expect(log.faults.isEmpty && log.entries.count == 8 * count)
    #expect(log.entries.map { $0.members["sequence"]?.integerValue } == (1...8 * count).map { Optional($0) })
    // Each once, and each process's own in its order.
    return writers.reduce(0) { lost, writer in
      let own = log.entries.compactMap { $0.members["name"]?.stringValue }.filter { $0.hasPrefix(writer + "-") }
      return lost + (0..<count).count { !own.indices.contains($0) || own[$0] != "\(writer)-\($0)" }
    }
  }
}
