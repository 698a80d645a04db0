// Several seeds: the middle one speaks.

import Testing
import Text

@testable import Evaluation

@Suite struct SeedSpreadTests {
  private func run(_ name: String, _ figure: Double?, isEdge: Bool = false) -> SeedSpread.Run {
    SeedSpread.Run(
      name: name, seed: 1, figure: figure, totalReturn: 0.1, headline: isEdge ? "an edge" : "no edge found",
      isEdge: isEdge)
  }

  @Test func theMiddleOneSpeaks() {
    let runs = [run("best", 3, isEdge: true), run("worst", -1), run("middle", 0.4)]
    let spread = SeedSpread(measure: SeedSpread.sharpe, runs: runs)
    #expect(spread.median.name == "middle" && spread.ranked.map(\.name) == ["worst", "middle", "best"])
    let text = spread.lines.joined(separator: " ")
    #expect(text.contains("VERDICT over 3 runs: no edge found.") && text.contains("1 of 3 would claim an edge"))
    #expect(spread.lines.allSatisfy { $0.count <= 80 })
    #expect(spread.json["median_run"]?.stringValue == "middle" && spread.json["edge_found"]?.boolValue == false)
  }

  @Test func ofTwoTheWorse() {
    let two = SeedSpread(measure: SeedSpread.sharpe, runs: [run("good", 1), run("bad", 0)])
    #expect(two.median.name == "bad")
    let undefined = SeedSpread(measure: SeedSpread.reward, runs: [run("idle", nil), run("bad", -2)])
    #expect(undefined.median.name == "idle" && undefined.json["runs"]?.arrayValue?.count == 2)
    #expect(SeedSpread(measure: SeedSpread.sharpe, runs: [run("a", 1), run("b", 1)]).median.name == "a")
  }
}
