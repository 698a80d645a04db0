// Imports that keep nothing in memory, against the same imports that keep all.

import Kernels
import Market
import Storage
import TestSupport

/// Files of bars with gaps and revisions, of several symbols, imported one after the other: a store is the same whatever lay on the disk meanwhile, and
/// so is every word that is told.
///
/// A document's tables are parted by lines `---`, and by `+++` where the next import begins, which adds to the store of the one before.
final class SpoolSubject: Subject {
  static let name = "spool"

  private static let symbols = ["AAA", "BBB", "CCC"]
  private static let mostImports = 4
  private static let mostTables = 4
  private let minutes: [BarSeries]
  private let days: [BarSeries]

  init() {
    minutes = SyntheticTape.minutes(symbols: Self.symbols, sessions: 3, seed: 8)
    days = SyntheticTape.series(symbols: Self.symbols, bars: 400, seed: 8)
  }

  func seeds() -> [[UInt8]] {
    (0..<UInt32(4)).map { lane in
      var mutator = Mutator(random: RandomStream(seed: 3, purpose: .mutation, lane: lane), tokens: [])
      return document(&mutator)
    }
  }

  /// Tables as vendors might deliver them: what they hold mostly passes the gate.
  private func document(_ mutator: inout Mutator) -> [UInt8] {
    let isOfDays = mutator.chance(1, in: 3)
    var text = ""
    for place in 0..<2 + mutator.below(2) {
      if place > 0 { text += mutator.chance(2, in: 3) ? "+++\n" : "---\n" }
      text += table(&mutator, isOfDays ? days : minutes)
    }
    return Array(text.utf8)
  }

  private func table(_ mutator: inout Mutator, _ series: [BarSeries]) -> String {
    let isOfDays = series[0].width == .session
    let kept = series.filter { _ in mutator.chance(1, in: 2) }
    let chosen = kept.isEmpty ? [series[0]] : kept
    // Whole sessions of minutes, or any days.
    let unit = isOfDays ? 1 : 390
    let count = series[0].count / unit
    let first = mutator.below(count)
    let rows = first * unit..<min(first + 1 + (isOfDays ? mutator.below(200) : mutator.below(5) / 4), count) * unit
    let gap = mutator.chance(1, in: 2) ? rows.lowerBound + mutator.below(rows.count) : -1
    let gapEnd = gap + (isOfDays ? 0 : mutator.below(5))
    let revised = mutator.chance(1, in: 2) ? 1 + mutator.below(40) : 0
    var lines: [String] = []
    for row in rows where !(gap...max(gap, gapEnd)).contains(row) || isOfDays {
      for one in chosen {
        var close = one.close[row]
        if revised > 0, row % revised == 0 { close = (one.high[row] + one.low[row]) / 2 }
        let when = isOfDays ? "\(one.dates[row])" : "\(one.starts[row])"
        lines.append(
          "\(one.symbol),\(when),\(one.open[row]),\(one.high[row]),\(one.low[row]),\(close),\(Int(one.volume[row]))")
      }
    }
    return "symbol,timestamp,open,high,low,close,volume\n" + lines.map { $0 + "\n" }.joined()
  }

  private static let tokens = [
    "\n---\n", "\n+++\n", "AAA,", "BBB,", "2024-01-03T14:30:00Z", "2024-01-03", "nan", "-1", "0", "1e300", ",", "\"",
  ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: Self.tokens)
    let whole = mutator.chance(1, in: 3) ? pool.document(&mutator) : document(&mutator)
    return mutator.chance(1, in: 3) ? mutator.damaged(whole, others: pool.documents) : whole
  }

  /// What the imports of a document tell, and what they store.
  private struct Outcome: Equatable {
    var told: [String] = []
    var store: MarketStoreContents?
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let text = String(decoding: bytes, as: UTF8.self)
    let imports = SpoolSubject.parts(text.split(separator: "\n", omittingEmptySubsequences: false), at: "+++")
      .prefix(SpoolSubject.mostImports).map { lines in
        SpoolSubject.parts(lines, at: "---").prefix(SpoolSubject.mostTables).map { $0.joined(separator: "\n") }
      }
    let (plain, spooled) = (try outcome(imports, memory: nil), try outcome(imports, memory: 0))
    for (line, other) in zip(plain.told, spooled.told) where line != other {
      throw Finding(reason: "all in memory tells '\(line)', and nothing in memory '\(other)'")
    }
    try require(plain.told.count == spooled.told.count, "one tells more than the other")
    try require(plain.store == spooled.store, "the stores differ")
    return plain.store == nil ? .refused : .read
  }

  private static func parts<Line: StringProtocol>(_ lines: some Sequence<Line>, at border: String) -> [[Line]] {
    var parts: [[Line]] = [[]]
    for line in lines {
      if line == border { parts.append([]) } else { parts[parts.count - 1].append(line) }
    }
    return parts
  }

  private func outcome(_ imports: [[String]], memory: Int?) throws -> Outcome {
    let folder = try TemporaryFolder()
    var outcome = Outcome()
    func told(_ text: String) { outcome.told.append(text.replacing(folder.path, with: "")) }
    for tables in imports {
      for (place, table) in tables.enumerated() { try folder.write(table, to: "\(place).csv") }
      var request = MarketImport(
        sources: tables.indices.map { .init(path: folder.place("\($0).csv"), symbol: nil) },
        output: folder.place("market.h5"))
      request.isFilling = true
      request.declared.adjustment = PriceAdjustment.none
      if let memory { request.memoryBudgetBytes = memory }
      do throws(StorageError) {
        if let refusal = try request.run(now: Instant(nanoseconds: .max), tell: told) { told(refusal) }
      } catch {
        _ = try refusal(error.description, names: folder.path)
        told(error.description)
      }
      let others = folder.names().filter { $0 != "market.h5" && !$0.hasSuffix(".csv") }
      try require(others.isEmpty, "files are left behind: \(others)")
    }
    if folder.exists("market.h5") {
      var store = try MarketStore.read(folder.place("market.h5"))
      (store.created, store.path) = ("", "")
      outcome.store = store
    }
    return outcome
  }
}
