// Files of several underlyings, and what a refusal of a chain tells to do: it is done, and the chain is imported.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

private let header = "timestamp,underlying,type,strike,expiry,bid,ask,multiplier,currency\n"

private func row(_ underlying: String, _ strike: Int, date: String = "2024-12-02", bid: Double = 1) -> String {
  "\(date) 10:00,\(underlying),put,\(strike),2024-12-20,\(bid),\(bid + 0.5),100,USD\n"
}

/// What an import of those words told, and what refused it; operands and the store lie in a folder.
private func imported(_ words: [String], _ folder: String) throws -> (told: [String], refusal: String?) {
  let placed = words.map { word in
    guard word.hasSuffix(".csv") else { return word }
    let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
    return (parts.count == 2 ? parts[0] + "=" : "") + FileSystem.join(folder, parts[parts.count - 1])
  }
  var told: [String] = []
  do {
    let arguments = try Arguments(
      placed + ["--output", FileSystem.join(folder, "m.h5")], flags: MarketImport.flags, operandLimit: 9)
    let refusal = try MarketImport(arguments).run(now: ImportPlace.now) { told.append($0) }
    return (told, refusal)
  } catch let error as StorageError {
    return (told, error.description)
  }
}

@Suite struct ChainImportTests {
  /// Each underlying of a file becomes a chain of its own, in whatever order their rows stand.
  @Test func twoUnderlyingsInOneFileAreTwoChains() throws {
    try withScratchFolder { folder in
      let mixed = header + row("BBB", 50) + row("AAA", 100, bid: 2) + row("BBB", 55, bid: 3) + row("AAA", 105, bid: 4)
      try AtomicWrite.write(text: mixed, to: FileSystem.join(folder, "c.csv"))
      let both = try imported(["c.csv"], folder)
      #expect(both.refusal == nil)
      #expect(
        both.told.contains { $0.contains("options of BBB: 2 contracts") && $0.contains("options of AAA: 2 contracts") })
      let store = try MarketStore.read(FileSystem.join(folder, "m.h5"))
      #expect(store.chains.map(\.underlying).sorted() == ["AAA", "BBB"])
      for chain in store.chains {
        #expect(chain.contracts.map(\.root) == [chain.underlying, chain.underlying])
        #expect(chain.contracts.map(\.strike) == (chain.underlying == "AAA" ? [100, 105] : [50, 55]))
        let bids = (0..<2).map { chain.sessions[0].quote(row: $0).bidDollars }
        #expect(bids == (chain.underlying == "AAA" ? [2, 4] : [1, 3]))
      }
      #expect(store.provenance.map(\.symbols) == [["BBB", "AAA"]])
      // The same as of two files.
      let apart = FileSystem.join(folder, "apart")
      try FileSystem.makeFolder(apart)
      for name in ["AAA", "BBB"] {
        let rows = mixed.split(separator: "\n").dropFirst().filter { $0.contains(",\(name),") }
        try AtomicWrite.write(
          text: header + rows.joined(separator: "\n") + "\n", to: FileSystem.join(apart, name + ".csv"))
      }
      let separate = try imported(["AAA.csv", "BBB.csv"], apart)
      #expect(separate.refusal == nil)
      let other = try MarketStore.read(FileSystem.join(apart, "m.h5"))
      for chain in store.chains { #expect(other.chains.contains(chain)) }
      // One of them is taken, and one that is not there is named.
      #expect(try imported(["c.csv", "--symbols", "BBB", "--replace"], folder).refusal == nil)
      let one = try MarketStore.read(FileSystem.join(folder, "m.h5"))
      #expect(one.chains.map(\.underlying) == ["BBB"])
      let absent = try imported(["c.csv", "--symbols", "CCC", "--replace"], folder).refusal ?? ""
      #expect(absent.contains("there is no symbol 'CCC'; the file holds AAA, BBB: ask for one of these"), "\(absent)")
      let renamed = try imported(["CCC=c.csv", "--replace"], folder).refusal ?? ""
      #expect(renamed.contains("the file names its symbols itself (BBB, AAA)"), "\(renamed)")
      // A later file of one of them leaves the other as it is.
      _ = try imported(["c.csv", "--replace"], folder)
      try AtomicWrite.write(
        text: header + row("AAA", 100, date: "2024-12-03", bid: 5), to: FileSystem.join(folder, "later.csv"))
      #expect(try imported(["later.csv"], folder).refusal == nil)
      let later = try MarketStore.read(FileSystem.join(folder, "m.h5"))
      #expect(later.chains.map(\.sessions.count).sorted() == [1, 2])
      #expect(later.chains.contains { $0 == one.chains[0] })
    }
  }

  /// The text, what its refusal says, and the text that follows.
  struct Mend: Sendable, CustomTestStringConvertible {
    var name: String
    var bad: String
    var says: String
    var words = ["c.csv"]
    var good: String
    var followed = ["c.csv"]
    var testDescription: String { name }
  }

  private static let fine = header + row("XOM", 280)

  static let mends: [Mend] = [
    Mend(
      name: "no expiry", bad: fine + row("XOM", 285).replacing("2024-12-20", with: ""),
      says: "a contract without an expiry; write the expiry as YYYY-MM-DD", good: fine + row("XOM", 285)),
    Mend(
      name: "strike of 0", bad: fine + row("XOM", 0), says: "write strikes in dollars, and leave rows without one out",
      good: fine),
    Mend(
      name: "expired", bad: fine + row("XOM", 285).replacing("2024-12-20", with: "2024-11-29"),
      says: "expired on 2024-11-29; check which of the two dates is wrong", good: fine + row("XOM", 285)),
    Mend(
      name: "neither call nor put", bad: fine.replacing("put", with: "puttable"),
      says: "write C or P, or call or put", good: fine.replacing("put", with: "P")),
    Mend(
      name: "a multiplier of 1", bad: fine + row("XOM", 285).replacing(",100,", with: ",1,"),
      says: "leave contracts of other deliverables out", good: fine),
    Mend(
      name: "another currency", bad: fine + row("XOM", 285).replacing("USD", with: "EUR"),
      says: "only US dollars are read; leave these contracts out", good: fine),
    Mend(
      name: "no session", bad: fine + row("XOM", 285, date: "2024-12-07"),
      says: "2024-12-07 is no session", good: fine),
    Mend(
      name: "a price of nobody", bad: fine + row("XOM", 285, bid: 300_000),
      says: "leave the rows out, or fetch the file again", good: fine),
    Mend(
      name: "no such root", bad: fine, says: "name other roots with --roots, or none for all",
      words: ["c.csv", "--roots", "SPXW"], good: fine, followed: ["c.csv", "--roots", "XOM"]),
    Mend(
      name: "another name than the file's", bad: fine, says: "the file names its symbols itself (XOM)",
      words: ["SPY=c.csv"], good: fine, followed: ["XOM=c.csv"]),
    Mend(
      name: "two rows of one contract", bad: fine + row("XOM", 280, bid: 2), says: "chain-rows of XOM", good: fine),
  ]

  @Test(arguments: mends) func whatIsToldToBeDoneWorks(one: Mend) throws {
    try withScratchFolder { folder in
      let path = FileSystem.join(folder, "c.csv")
      try AtomicWrite.write(text: one.bad, to: path)
      let refusal = try #require(try imported(one.words, folder).refusal)
      #expect(refusal.contains(one.says) && !refusal.contains("\n"), "\(refusal)")
      #expect(storageError { try MarketStore.read(FileSystem.join(folder, "m.h5")) } != nil)
      try AtomicWrite.write(text: one.good, to: path)
      let second = try imported(one.followed, folder).refusal
      #expect(second == nil, "\(second ?? "")")
      #expect(try MarketStore.read(FileSystem.join(folder, "m.h5")).chains.count == 1)
    }
  }

  /// A changed deliverable's prices say nothing of what its share costs.
  @Test func changedDeliverablesDoNotContradictTheUnderlying() throws {
    try withScratchFolder { folder in
      var text = "timestamp,underlying,type,strike,expiry,bid,ask,root,underlying_price\n"
      for strike in [110, 115, 120, 125] {
        for (root, scale) in [("XOM", 1.0), ("XOM2", 2.5)] {
          let listed = Double(strike) * scale + (scale == 1 ? 0 : 0.5)
          for (right, sign) in [("call", 1.0), ("put", -1.0)] {
            let value = max(0, sign * (117 * scale - listed)) + 3
            text += "2024-12-02 10:00,XOM,\(right),\(listed),2024-12-20,\(value - 0.05),\(value + 0.05),\(root),117\n"
          }
        }
      }
      try AtomicWrite.write(text: text, to: FileSystem.join(folder, "c.csv"))
      let (told, refusal) = try imported(["c.csv"], folder)
      #expect(refusal == nil, "\(told)")
      let report = told.joined(separator: "\n").split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for word in ["mixed-prices", "other-underlying", "strikes-scaled"] {
        #expect(!report.contains(word) && !report.contains("far apart"), "\(report)")
      }
    }
  }
}
