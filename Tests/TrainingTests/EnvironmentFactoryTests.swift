// What data and configurations are admitted, and in which words others are refused.

import AgentInterface
import Algorithms
import Environments
import Inference
import Market
import TestSupport
import Testing

@testable import Storage
@testable import Training

@Suite struct EnvironmentFactoryTests {
  private func refusal(_ configuration: RunConfiguration) -> TrainingError? {
    trainingError { try EnvironmentFactory(configuration) }
  }

  @Test func admitsWhatTheGatePassed() throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("dual_ticker", store: try writeStore(madeUpBars(), in: folder))
      let factory = try EnvironmentFactory(configuration)
      let market = try #require(factory.market)
      #expect(factory.isMarket && market.tape.symbols == ["AAA", "BBB"])
      #expect(market.contentHash == MarketStore.contentHash(madeUpBars()))
      #expect(try factory.trainingLanes(count: 3).observationSpace.count == 26)
      // The windows are disjoint, in order, and begin with settled features.
      let windows = Window.allCases.map { factory.bars(of: $0, in: market.tape) }
      #expect(windows[0].lowerBound == 50 && windows[0].upperBound == windows[1].lowerBound)
      #expect(windows[1].upperBound == windows[2].lowerBound && windows[2].upperBound == 400)
      for window in Window.allCases {
        let (from, until) = factory.dates(of: window)
        let dates = factory.bars(of: window, in: market.tape).map { market.tape.dates[$0] }
        #expect(dates.allSatisfy { from <= $0 && $0 <= until })
      }
      configuration.world.assets = ["BBB"]
      #expect(try EnvironmentFactory(configuration).trainingLanes(count: 1).observationSpace.count == 13)
    }
  }

  @Test func refusesDataWithoutAPassingRecord() throws {
    try withScratchFolder { folder in
      let path = FileSystem.join(folder, "store.h5")
      let configuration = smallConfiguration("dual_ticker", store: path)
      func contents(_ series: [BarSeries], _ report: QualityReport?, hash: String?) -> MarketStoreContents {
        MarketStoreContents(
          path: path, series: series, provenance: [], qualityReport: report, qualityContentHash: hash,
          contentHash: MarketStore.contentHash(series), created: "2026-01-01T00:00:00Z")
      }
      let good = madeUpBars()
      let passing = QualityGate.examine(good, allowances: [])
      var bad = good
      for bar in 200..<400 { bad[0].close[bar] = -1 }
      var uneven = good
      uneven[1] = SyntheticTape.series(symbols: ["AAA", "BBB"], bars: 399, seed: 5)[1]
      let failing = QualityGate.examine(bad, allowances: [])
      let cases: [(String, MarketStoreContents)] = [
        ("no record", contents(good, nil, hash: nil)),
        ("the record of other data", contents(good, passing, hash: MarketStore.contentHash(bad))),
        ("a failing record", contents(bad, failing, hash: MarketStore.contentHash(bad))),
        ("a forged record", contents(bad, passing, hash: MarketStore.contentHash(bad))),
        ("a forged record over uneven dates", contents(uneven, passing, hash: MarketStore.contentHash(uneven))),
        ("a forged record over nothing", contents([], passing, hash: MarketStore.contentHash([]))),
      ]
      for (name, store) in cases {
        try AtomicWrite.write(try MarketStore.encode(store), to: path)
        let error = try #require(refusal(configuration), "\(name) was admitted")
        #expect(error.exitCode == 2 && error.description.contains(path), "\(name): \(error)")
      }
      try AtomicWrite.write(text: "nothing", to: path)
      #expect(refusal(configuration)?.exitCode == 1)
      try FileSystem.remove(path)
      #expect(refusal(configuration)?.description.contains(path) == true)
    }
  }

  @Test func refusesConfigurationsInWords() throws {
    try withScratchFolder { folder in
      let base = smallConfiguration("dual_ticker", store: try writeStore(madeUpBars(), in: folder))
      let early = CalendarDate("1999-01-01")!
      let cases: [(String, Int32, (inout RunConfiguration) -> Void)] = [
        ("environment.store", 1, { $0.world.store = "" }),
        ("ZZZ", 1, { $0.world.assets = ["AAA", "ZZZ"] }),
        ("environment.observation_dim is 25", 1, { $0.world.observationDimension = 25 }),
        ("environment.action_space is 3", 1, { $0.world.actionSpace = 3 }),
        ("max_position_per_asset", 1, { $0.world.maxPositionPerAsset = 500 }),
        ("unit_dollars", 1, { $0.world.trading.unitDollars = 1e12 }),
        ("overlap", 2, { $0.split.selectionFrom = $0.split.trainingUntil }),
        ("overlap", 2, { $0.split.heldOutFrom = $0.split.selectionUntil }),
        ("overlap", 2, { $0.split.heldOutFrom = early }),
        ("ends before", 1, { $0.split.selectionUntil = early }),
        (
          "the selection window lies before the training window", 2,
          {
            $0.split.selectionFrom = early
            $0.split.selectionUntil = CalendarDate("2000-12-31")!
          }
        ),
        (
          "the held-out window lies before the selection window", 2,
          {
            $0.split.heldOutFrom = early
            $0.split.heldOutUntil = CalendarDate("2000-12-31")!
          }
        ),
        ("training window holds", 1, { $0.world.episodeLength = 300 }),
        ("training window holds", 1, { $0.world.lookbackWindow = 10_000 }),
        (
          "selection window holds", 1,
          {
            $0.split.selectionFrom = CalendarDate("2002-01-05")!
            $0.split.selectionUntil = CalendarDate("2002-01-06")!
          }
        ),
      ]
      for (words, code, change) in cases {
        var configuration = base
        change(&configuration)
        let error = try #require(refusal(configuration), "\(words) was admitted")
        #expect(error.description.contains(words) && error.exitCode == code, "\(error)")
      }
      // A held-out window without bars is nobody's mistake until it is evaluated.
      var later = base
      later.split.heldOutFrom = CalendarDate("2020-01-01")!
      later.split.heldOutUntil = CalendarDate("9999-12-31")!
      #expect(refusal(later) == nil)
      var expecting = smallConfiguration("cue")
      expecting.world.observationDimension = 3
      #expect(refusal(expecting)?.description.contains("cue has 2 columns") == true)
    }
  }

  @Test func refusesWhatCannotBeTrained() throws {
    let cases: [(String, (inout RunConfiguration) -> Void)] = [
      ("algorithm.minibatch_scheme", { $0.ppo.minibatchScheme = .shuffled }),
      ("GiB", { ($0.ppo.horizon, $0.world.lanes) = (1_000_000, 1_000_000) }),
      ("GiB", { $0.network.policyTower = [Int](repeating: 8192, count: 1_000) }),
    ]
    for (words, change) in cases {
      var configuration = smallConfiguration("leak", .ppoLSTM)
      change(&configuration)
      let factory = try EnvironmentFactory(configuration)
      let error = try #require(trainingError { try Trainer.requireTrainable(configuration, factory) })
      #expect(error.description.contains(words))
    }
  }
}
