// What data and configurations are admitted, and in which words others are refused.

import AgentInterface
import Algorithms
import Configuration
import Environments
import Inference
import Market
import RunSupport
import TestSupport
import Testing
import Text

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
      #expect(factory.configuration.environment.hasWindows && market.tape.symbols == ["AAA", "BBB"])
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

  /// Nobody may trade in them, and no environment knows that.
  @Test func refusesBarsThatWereFilledIn() throws {
    try withScratchFolder { folder in
      var series = madeUpBars()
      series[1].filledRows = [7, 8]
      let configuration = smallConfiguration("dual_ticker", store: try writeStore(series, in: folder))
      let error = try #require(refusal(configuration))
      #expect(error.exitCode == 2 && error.description.contains("holds 2 bars of BBB that were filled in"), "\(error)")
      #expect(error.description.contains("without --fill and with --replace"))
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
        ("max_position_per_asset", 1, { $0.basket.positionLimitDollars = 500 }),
        ("unit_dollars", 1, { $0.basket.unitDollars = 1e12 }),
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

  /// Two shares, an index over more dates, an index over fewer, and a share that is not traded.
  @Test func aBenchmarkIsLookedAtAndNeverTraded() throws {
    try withScratchFolder { folder in
      var market = SyntheticTape.series(symbols: ["AAA", "BBB", "ETF"], bars: 400, seed: 5)
      market += SyntheticTape.series(symbols: ["IDX"], bars: 450, seed: 6)
      market += SyntheticTape.series(symbols: ["OLD"], bars: 300, seed: 7)
      for place in 3...4 {
        market[place].instrument = .index
        market[place].volume = [Double](repeating: .nan, count: market[place].count)
      }
      var base = smallConfiguration("dual_ticker", store: try writeStore(market, in: folder))
      base.world.benchmarkSymbol = "IDX"
      base.basket.portfolioFeatures = true
      base.world.assets = ["AAA", "BBB"]
      let factory = try EnvironmentFactory(base)
      #expect(try factory.trainingLanes(count: 2).observationSpace.count == 29)
      #expect(try factory.walk(.selection).observationSpace.columns.last?.name == "portfolio.concentration")
      #expect(factory.market?.tape.benchmark?.symbol == "IDX")
      let notes = RunNotes.lines(base, factory: factory)
      #expect(notes.contains("benchmark: IDX (an index), looked at, never traded"))
      #expect(RunNotes.manifest(base, factory: factory, modelName: "m")["benchmark"]?.stringValue == "IDX")

      // Without names everything tradable is traded, but not what it is compared with.
      var all = base
      all.world.assets = []
      #expect(try EnvironmentFactory(all).market?.tape.symbols == ["AAA", "BBB", "ETF"])
      all.world.benchmarkSymbol = "ETF"
      #expect(try EnvironmentFactory(all).market?.tape.symbols == ["AAA", "BBB"])

      let cases: [(String, (inout RunConfiguration) -> Void)] = [
        ("benchmark_symbol is SPY, but", { $0.world.benchmarkSymbol = "SPY" }),
        ("benchmark_symbol is BBB, which is traded too", { $0.world.benchmarkSymbol = "BBB" }),
        ("OLD has no bar on 100 of the 400 dates of AAA", { $0.world.benchmarkSymbol = "OLD" }),
        ("need a benchmark", { $0.world.benchmarkSymbol = "" }),
        ("names IDX, which is an index", { $0.world.assets = ["AAA", "IDX"] }),
        ("and 1 is traded", { $0.world.assets = ["AAA"] }),
        ("observation_dim is 26", { $0.world.observationDimension = 26 }),
      ]
      for (words, change) in cases {
        var configuration = base
        change(&configuration)
        let error = try #require(refusal(configuration), "\(words) was admitted")
        #expect(error.description.contains(words) && error.exitCode == 1, "\(error)")
      }
      var indices = smallConfiguration("dual_ticker", store: try writeStore([market[3]], in: folder, named: "i.h5"))
      #expect(refusal(indices)?.description.contains("no share to trade") == true)
      indices.world.assets = ["IDX"]
      #expect(refusal(indices)?.description.contains("an index") == true)
    }
  }

  /// The configurations that are shipped make the spaces that they promise. Made-up bars stand for the sample.
  @Test(arguments: [
    ("dual-ticker", 26, 9, 64, [Int]()), ("dual-ticker-portfolio", 29, 9, 64, []),
    ("single-ticker", 13, 3, 32, [64, 64]),
  ])
  func shippedConfigurationsMakeTheirSpaces(name: String, columns: Int, actions: Int, hidden: Int, tower: [Int]) throws
  {
    try withScratchFolder { folder in
      var market = SyntheticTape.series(symbols: ["AAPL", "MSFT", "SPX"], bars: 3_000, seed: 5)
      market[2].instrument = .index
      var layers = ConfigurationLayers(RunConfiguration())
      let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
      try layers.apply(yamlFile: "/\(root)/scripts/configurations/\(name).yaml")
      var configuration = layers.configuration
      configuration.world.store = try writeStore(market, in: folder)
      let environment = try EnvironmentFactory(configuration).trainingLanes(count: 1)
      #expect(environment.observationSpace.count == columns && environment.actionSpace.count == actions)
      #expect(configuration.world.observationDimension == columns && configuration.world.actionSpace == actions)
      #expect(configuration.network.lstmHidden == hidden && configuration.network.policyTower == tower)
      #expect(configuration.network.valueTower == tower && configuration.algorithm.hasMemory)
    }
  }

  /// That of options too: on made-up minutes of half a year before and behind the dates at which its windows part.
  @Test func theShippedOptionsMakeTheirSpace() throws {
    try withScratchFolder { folder in
      let first = try #require(CalendarDate("2017-05-01"))
      let dates = Array(TradingCalendar.xnys.sessions(in: first...first.advanced(by: 270)))
      var days = PlantedBars.series(.martingale, symbol: "SPX", dates: dates, seed: 5)
      days.instrument = .index
      var index = BarSeries(symbol: "VIX")
      index.instrument = .index
      for row in days.dates.indices {
        let level = 12 + Double(row % 5) / 4
        index.append(date: days.dates[row], open: level, high: level, low: level, close: level, volume: .nan)
        // Dollars of an index: what lies apart by ten of them are strikes.
        for column in [\BarSeries.open, \.high, \.low, \.close] { days[keyPath: column][row] *= 25 }
        days.volume[row] = .nan
      }
      let minutes = PlantedMinutes.bridge(days, from: SurfaceHistory(underlying: days, index: index), seed: 5)
      var layers = ConfigurationLayers(RunConfiguration())
      let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
      try layers.apply(yamlFile: "/\(root)/scripts/configurations/options.yaml")
      var configuration = layers.configuration
      configuration.world.store = try writeStore([minutes, days, index], in: folder)
      let factory = try EnvironmentFactory(configuration)
      let environment = try factory.trainingLanes(count: 1)
      #expect(environment.observationSpace.count == 41 && environment.actionSpace.count == 6)
      #expect(configuration.network.lstmHidden == 32 && configuration.algorithm.hasMemory)
      let tape = try #require(factory.market).tape
      let sessions = Window.allCases.map { window in
        Set(factory.bars(of: window, in: tape).map { tape.dates[$0] }).sorted()
      }
      #expect(sessions.map { "\($0[0])" } == ["2017-05-02", "2017-07-03", "2018-01-02"])
      #expect(sessions.dropLast().map { "\($0[$0.count - 1])" } == ["2017-06-30", "2017-12-29"])
      #expect(tape.syntheticSymbols.isEmpty, "nobody has said of these minutes where they are from")
      #expect(try #require(tape.options).symbols.map(\.name) == ["SPX"])
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

  /// Factored actions have no value each that could be learned; whoever follows the advice trains.
  @Test(arguments: [AlgorithmTag.dqn, .dqnMask]) func dqnRefusesFactoredActions(tag: AlgorithmTag) throws {
    var configuration = smallConfiguration("leak_basket", tag)
    let error = try #require(
      trainingError { try Trainer.requireTrainable(configuration, try EnvironmentFactory(configuration)) })
    #expect(error.description.contains("8 independent choices; train it with ppo or a2c"), "\(error)")
    configuration.algorithm = .ppoMask
    let spec = try Trainer.requireTrainable(configuration, try EnvironmentFactory(configuration))
    #expect(spec.factors.widths == [Int](repeating: 3, count: 8) && spec.actions == 24)
    // One leak is one choice, which it can learn.
    configuration = smallConfiguration("leak_basket", tag)
    configuration[LeakBasket.self].count = 1
    #expect(try Trainer.requireTrainable(configuration, try EnvironmentFactory(configuration)).factors.isJoint)
  }

  /// A replay that does not fit is refused with what would, and that does.
  @Test func plansMemoryAndDisk() throws {
    var configuration = smallConfiguration("leak", .dqn)
    configuration.run.totalTimesteps = 1_000_000_000
    configuration.dqn.bufferSize = 100_000_000
    configuration.dqn.replayMemoryMebibytes = 512
    let factory = try EnvironmentFactory(configuration)
    let spec = try Trainer.requireTrainable(configuration, factory, folder: nil)
    let limits = ResourcePlan.Limits(memoryBytes: 0x1p30, diskBytes: 100e9)
    func problem(_ configuration: RunConfiguration, _ limits: ResourcePlan.Limits) -> String? {
      ResourcePlan(configuration, spec).problem(limits)
    }
    func number(_ sentence: String, before ending: String) throws -> Int {
      let word = sentence.dropLast(ending.count).split(separator: " ").last
      return try #require(word.flatMap { Int($0) })
    }
    #expect(problem(configuration, limits) == nil)
    let lines = ResourcePlan(configuration, spec).lines(limits)
    #expect(lines.count == 2 && lines[0].contains("replay 512 MiB") && lines[1].contains("replay.h5 "))

    // Disk.
    let small = ResourcePlan.Limits(memoryBytes: 0x1p30, diskBytes: 1e9)
    let disk = try #require(problem(configuration, small))
    #expect(disk.contains("replay.h5") && disk.hasSuffix(" would fit"))
    configuration.dqn.bufferSize = try number(disk, before: " would fit")
    #expect(configuration.dqn.bufferSize > 1_000_000 && problem(configuration, small) == nil)
    configuration.dqn.bufferSize += configuration.dqn.bufferSize / 10
    #expect(problem(configuration, small) != nil)

    // Memory: of a file's window, and of a replay that lies in memory, and four times over while it is saved.
    let tight = ResourcePlan.Limits(memoryBytes: 300 * 0x1p20, diskBytes: nil)
    for bufferSize in [100_000_000, 10_000_000] {
      configuration.dqn.bufferSize = bufferSize
      configuration.dqn.replayMemoryMebibytes = 512
      let memory = try #require(problem(configuration, tight))
      #expect(memory.contains("replay ") && memory.hasSuffix(" would fit"))
      configuration.dqn.replayMemoryMebibytes = try number(memory, before: " would fit")
      #expect(configuration.dqn.replayMemoryMebibytes > 30 && problem(configuration, tight) == nil, "\(memory)")
    }
    // Without replay there is nothing to name but the learner's own sizes.
    let large = smallConfiguration("leak", .ppo)
    #expect(
      ResourcePlan(large, spec).problem(.init(memoryBytes: 1000, diskBytes: nil))?.hasSuffix("section network") == true)
    #expect(ResourcePlan(large, spec).problem(.init(memoryBytes: 1e9, diskBytes: 1000))?.contains("make room") == true)
    #expect(ResourcePlan(large, spec).lines(.init(folder: "/tmp/no/such/folder")).allSatisfy { !$0.isEmpty })
  }
}
