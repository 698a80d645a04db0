// Contracts of changed deliverables: kept and untradeable, until somebody says what they deliver.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

private let header = "timestamp,underlying,type,strike,expiry,bid,ask,root,multiplier\n"
private let standard = "2024-12-02 10:00,XOM,put,115,2024-12-20,1.0,1.1,XOM,100\n"

private func changed(_ multiplier: String) -> String {
  "2024-12-02 10:00,XOM,put,280,2024-12-20,1.0,1.1,XOM2,\(multiplier)\n"
}

private func deliverable(_ units: Int, root: String = "XOM2") throws -> DeclaredDeliverable {
  try #require(DeclaredDeliverable(root: root, underlying: "XOM", units: units))
}

/// Imports a text into the store of a folder. Returns what was told.
private func imported(
  _ text: String, _ deliverables: [DeclaredDeliverable], folder: String, replacing: Bool = false
) throws -> [String] {
  writePlainly(Array(text.utf8), to: folder + "/c.csv")
  var request = MarketImport(sources: [.init(path: folder + "/c.csv", symbol: nil)], output: folder + "/m.h5")
  request.deliverables = deliverables
  request.isReplacing = replacing
  var told: [String] = []
  let refusal = try request.run { told.append($0) }
  #expect(refusal == nil)
  // A report's sentences go over several lines.
  return told.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

@Suite struct DeliverableTests {
  @Test func whatIsDeclaredIsStoredUnderTheContentHash() throws {
    try withScratchFolder { folder in
      let told = try imported(header + standard + changed("150"), [deliverable(150)], folder: folder)
      #expect(told.contains("as declared, XOM2 delivers 150 XOM: its contracts may be traded"))
      #expect(
        told.contains {
          $0.contains("1 contract of a changed deliverable, traded as was declared: XOM2 delivers 150 XOM")
        })
      let first = try MarketStore.read(folder + "/m.h5")
      let declared = try deliverable(150)
      #expect(first.chains[0].deliverables == [declared])
      let file = try MarketStoreFile(folder + "/m.h5")
      #expect(file.chains[0].deliverables == [declared])
      let changedContract = try #require(first.chains[0].contracts.first { $0.root == "XOM2" })
      #expect(first.chains[0].deliverable(of: changedContract) == declared)
      let plain = try #require(first.chains[0].contracts.first { $0.root == "XOM" })
      #expect(first.chains[0].deliverable(of: plain) == nil)
      // Other units are another content, and an import that says nothing keeps what was said.
      let again = try imported(header + standard + changed("120"), [deliverable(120)], folder: folder, replacing: true)
      #expect(again.contains { $0.contains("XOM2 delivers 120 XOM") })
      let second = try MarketStore.read(folder + "/m.h5")
      #expect(second.contentHash != first.contentHash)
      _ = try imported(header + standard.replacing("12-02", with: "12-03"), [], folder: folder)
      let third = try MarketStore.read(folder + "/m.h5")
      let kept = try deliverable(120)
      #expect(third.chains[0].deliverables == [kept] && third.chains[0].sessions.count == 2)
    }
  }

  @Test func aNewWordReplacesTheOldOneAndSaysSo() throws {
    try withScratchFolder { folder in
      let rows =
        header.replacing(",multiplier", with: "") + standard.replacing(",100\n", with: "\n")
        + changed("").replacing("XOM2,", with: "XOM2")
      _ = try imported(rows, [deliverable(100)], folder: folder)
      let told = try imported(rows, [deliverable(150)], folder: folder)
      #expect(told.contains { $0.hasSuffix("; until now it was declared that XOM2 delivers 100 XOM") }, "\(told)")
    }
  }

  @Test func withoutAWordTheyAreKeptAndTold() throws {
    try withScratchFolder { folder in
      let told = try imported(header + standard + changed("100"), [], folder: folder)
      #expect(told.contains { $0.contains("--deliverable XOM2:XOM:UNITS") }, "\(told)")
      let store = try MarketStore.read(folder + "/m.h5")
      #expect(store.chains[0].deliverables.isEmpty)
      #expect(store.chains[0].contracts.contains { !$0.isStandard })
    }
  }

  /// The remedy of the refusal is followed, and the table's own word must be what was declared.
  @Test func aMultiplierMustBeTheOneThatWasDeclared() throws {
    func problem(_ text: String, _ deliverables: [DeclaredDeliverable]) -> String? {
      storageError { try ChainFile(Array(text.utf8), path: "c.csv", deliverables: deliverables).read() }?.description
    }
    let text = header + standard + changed("150")
    let refusal = try #require(problem(text, []))
    #expect(refusal.contains("line 3") && refusal.contains("a multiplier of '150'"))
    #expect(refusal.contains("--deliverable ROOT:SHARE:UNITS"))
    #expect(problem(text, [try deliverable(150)]) == nil)
    #expect(problem(text, [try deliverable(120)])?.contains("a multiplier of '150'") == true)
    #expect(problem(header + standard + changed("100"), [try deliverable(150)])?.contains("of '100'") == true)
    // A declared root makes no other one's multiplier right.
    let other = header + standard.replacing(",100\n", with: ",150\n")
    #expect(problem(other, [try deliverable(150)])?.contains("a multiplier of '150'") == true)
  }

  @Test func aRootThatNoFileSaysTheShareOfJoinsThatShare() throws {
    let text =
      "ticker,volume,open,close,high,low,window_start,transactions\n"
      + "O:XOM2241220P00280000,1,1.2,1.2,1.2,1.2,1733151600000000000,6\n"
    func underlyings(_ deliverables: [DeclaredDeliverable]) throws -> [String]? {
      try ChainFile(Array(text.utf8), path: "c.csv", deliverables: deliverables).read()?.chains.map(\.underlying)
    }
    let (alone, declared) = (try underlyings([]), try underlyings([deliverable(150)]))
    #expect(alone == ["XOM2"] && declared == ["XOM"])
  }

  @Test func badWordsAreRefusedWithWhatToWrite() throws {
    try withScratchFolder { folder in
      let error = storageError {
        try imported(
          header + standard, [try #require(DeclaredDeliverable(root: "XOM3", underlying: "XOM", units: 9))],
          folder: folder)
      }
      #expect(error?.description.contains("speaks of XOM3, but no option of that root and of XOM is imported") == true)
    }
    func usage(_ words: String...) -> String {
      do {
        _ = try MarketImport(
          try Arguments(["c.csv", "--output", "m.h5"] + words, flags: MarketImport.flags, operandLimit: 9))
        return "taken"
      } catch {
        return "\(error)"
      }
    }
    for word in ["XOM2:XOM", "XOM2:XOM:0", "XOM2:XOM:1000001", "XOM2:XOM:many", "2XOM:XOM:150", "XOM2::150"] {
      #expect(usage("--deliverable", word).contains("must be ROOT:SHARE:UNITS, as XOM2:XOM:150"), "\(word)")
    }
    #expect(usage("--deliverable", "XOM:XOM:150").contains("the root XOM says itself what its contracts deliver"))
    #expect(
      usage("--deliverable", "XOM2:XOM:150", "--deliverable", "XOM2:XOM:100").contains(
        "a root that stands there already"))
    #expect(usage("--deliverable", "XOM2:XOM:150") == "taken")
  }
}
