// What options of the S&P 500 cost and paid since 1995, by the one command, against figures of an independent script; and the rows that prove it.

import Foundation
import TestSupport
import Testing
import Text

private struct MarketFigures: Decodable {
  struct Figure: Decodable {
    var symbol: String
    /// First and last; nil: all.
    var years: [Int]?
    var level, contract: String
    var sessions: Int
    var withoutDrift: Bool
    var costOverPayoff, keptBySeller, standardError: Double
  }
  /// Below the folder of market data: closes of the S&P 500 and the VIX, and bars of SPY.
  var files: [String]
  var figures: [Figure]
}

@Suite struct SurfacePremiumTests {
  private static let folder = ProcessInfo.processInfo.environment["STRIKEFORGE_MARKET_DATA"]

  /// What `strikeforge surface --premium --json` says of a case.
  private func figure(_ found: JSON, like wanted: MarketFigures.Figure) -> JSON? {
    let all = found["figures"]?.arrayValue ?? []
    let years = wanted.years.map { JSON.array($0.map { .integer(Int64($0)) }) } ?? .null
    return all.first {
      $0["level"] == .string(wanted.level) && $0["contract"] == .string(wanted.contract)
        && $0["sessions"] == .integer(Int64(wanted.sessions)) && $0["without_drift"] == .bool(wanted.withoutDrift)
        && $0["years"] == years
    }
  }

  private func found(_ place: Workplace, _ words: String...) throws -> JSON {
    try place.succeed(["import"] + words + ["--output", "market.h5"])
    let symbol = words.contains { $0.hasPrefix("SPY=") } ? "SPY" : "SPX"
    let said = try place.succeed(["surface", "market.h5", "--premium", "--json", "--symbol", symbol])
    return try JSON.parse(said.output)
  }

  @Test(.enabled(if: folder != nil, "STRIKEFORGE_MARKET_DATA names no folder of market data"))
  func theFiguresSince1995AreThoseOfTheScript() throws {
    let folder = try #require(Self.folder)
    let golden = try GoldenFile.readMeasured("surface_market", as: MarketFigures.self)
    let long = folder + "/" + golden.files[0]
    let index = try found(Workplace(), "--index", "SPX=\(long)", "--index", "VIX=\(long)")
    let fund = try found(
      Workplace(), "SPY=\(folder)/\(golden.files[1])", "--index", "VIX=\(long)", "--adjusted", "none")
    var compared = 0
    for wanted in golden.figures {
      // The command shows of each term what is told of it, the script more.
      guard let found = figure(wanted.symbol == "SPX" ? index : fund, like: wanted) else { continue }
      compared += 1
      for (name, value) in [
        ("cost_over_payoff", wanted.costOverPayoff), ("kept_by_seller", wanted.keptBySeller),
        ("standard_error", wanted.standardError),
      ] {
        let number = try #require(found[name]?.doubleValue)
        #expect(abs(number - value) <= 1e-9 * max(1, abs(value)), "\(name) of \(wanted): \(number)")
      }
    }
    #expect(compared > 90)
    record(golden.figures)
  }

  // MARK: The rows

  private func record(_ figures: [MarketFigures.Figure]) {
    func share(_ level: String, _ contract: String, _ sessions: Int, drift: Bool) -> MarketFigures.Figure? {
      figures.first {
        $0.symbol == (sessions == 0 ? "SPY" : "SPX") && $0.years == nil && $0.level == level
          && $0.contract == contract && $0.sessions == sessions && $0.withoutDrift == !drift
      }
    }
    func row(
      _ name: String, _ figure: MarketFigures.Figure?, _ threshold: String, _ holds: (MarketFigures.Figure) -> Bool
    ) {
      guard let figure else {
        Issue.record("there is no figure of \(name)")
        return
      }
      let text =
        "\(rounded(100 * figure.keptBySeller)) % +- \(rounded(100 * figure.standardError)), cost over payoff \(rounded(figure.costOverPayoff, 1000))"
      ProofTable.record("surface: \(name)", figure: text, threshold: threshold, seeds: "-", holds: holds(figure))
      #expect(holds(figure), "\(name): \(text)")
    }
    row(
      "one-day straddles on the index itself, kept by sellers, S&P 500 since 1995",
      share("index", "straddle", 1, drift: true), "caught: 15 to 25 %"
    ) { (0.15...0.25).contains($0.keptBySeller) }
    row("one-day straddles on fair", share("fair", "straddle", 1, drift: true), "-5 to 5 %, 0 within 2 errors") {
      isNothing($0)
    }
    row(
      "one-day straddles on 0.78 of the index", share("fixedRatio", "straddle", 1, drift: true),
      "-5 to 5 %, 0 within 2 errors"
    ) { isNothing($0) }
    row("one-day straddles on market", share("market", "straddle", 1, drift: true), "told: 4 to 10 %") {
      (0.04...0.10).contains($0.keptBySeller)
    }
    for (contract, words) in [("put15", "15-delta puts"), ("call15", "15-delta calls")] {
      row(
        "one-day \(words) on fair, drift taken out", share("fair", contract, 1, drift: false),
        "within 5 % or 2 errors of 0"
      ) { abs($0.keptBySeller) <= max(0.05, 2 * $0.standardError) }
    }
    for n in [5, 10, 21] {
      row(
        "straddles of \(n) sessions on fair, drift taken out", share("fair", "straddle", n, drift: false),
        "-5 to 5 %, 0 within 2 errors"
      ) { isNothing($0) }
    }
    row(
      "straddles from open to close on fair, SPY 1999 to 2020", share("fair", "straddle", 0, drift: true),
      "-5 to 5 %, 0 within 2 errors"
    ) { isNothing($0) }
    let eras = figures.filter { $0.years != nil && $0.level == "fair" }.map(\.costOverPayoff)
    let span = "\(rounded(eras.min() ?? 0, 1000)) to \(rounded(eras.max() ?? 0, 1000))"
    let holds = eras.count == 7 && eras.allSatisfy { (0.95...1.05).contains($0) }
    ProofTable.record(
      "surface: cost over payoff of one-day straddles on fair, in every five years", figure: span,
      threshold: "0.95 to 1.05", seeds: "-", holds: holds)
    #expect(holds, "\(span)")
  }

  private func isNothing(_ figure: MarketFigures.Figure) -> Bool {
    abs(figure.keptBySeller) <= 0.05 && abs(figure.keptBySeller) <= 2 * figure.standardError
  }

  private func rounded(_ value: Double, _ scale: Double = 10) -> String { "\((value * scale).rounded() / scale)" }
}
