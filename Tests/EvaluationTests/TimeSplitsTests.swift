// Windows in time: the layouts of skfolio and purgedcv, and no label that reaches from one side to the other.

import Kernels
import TestSupport
import Testing
import Text

@testable import Evaluation

@Suite struct TimeSplitsTests {
  private func golden(_ family: String) throws -> [JSON] {
    try #require(try Golden("time_splits").json[family]?.arrayValue)
  }

  private func integer(_ json: JSON, _ name: String) throws -> Int { try #require(json[name]?.integerValue) }

  private func ranges(_ json: JSON?) -> [Range<Int>] {
    (json?.arrayValue ?? []).map { pair in
      let ends = pair.numbers.map { Int($0) }
      return ends[0]..<ends[1]
    }
  }

  /// Samples as runs.
  private func runs(_ samples: [Int]) -> [Range<Int>] {
    samples.reduce(into: []) { runs, sample in
      if let last = runs.last, last.upperBound == sample {
        runs[runs.count - 1] = last.lowerBound..<sample + 1
      } else {
        runs.append(sample..<sample + 1)
      }
    }
  }

  @Test func walksAreThoseOfSkfolio() throws {
    let layouts = try golden("walks")
    #expect(layouts.count == 70)
    for one in layouts {
      let walk = try WalkForward(
        kind: one["anchored"] == true ? .anchored : .rolling, training: integer(one, "training"),
        test: integer(one, "test"), purge: integer(one, "purge"), embargo: integer(one, "embargo"),
        keepsShortTest: one["keeps_short_test"] == true)
      let folds = try walk.folds(sessions: integer(one, "sessions"))
      let expected = (one["folds"]?.arrayValue ?? []).map { ranges($0) }
      #expect(folds.map { [$0.training, $0.test] } == expected)
      #expect(folds.allSatisfy { $0.gap == walk.purge + walk.embargo })
    }
  }

  private func expectSplits(_ found: CombinatorialSplits, _ expected: JSON?, mergesTests: Bool) {
    let splits = expected?.arrayValue ?? []
    #expect(found.splits.count == splits.count && !splits.isEmpty)
    for (own, other) in zip(found.splits, splits) {
      #expect(runs(own.training) == ranges(other["training"]))
      #expect((mergesTests ? runs(own.tests.flatMap { Array($0) }) : own.tests) == ranges(other["tests"]))
      if let paths = other["paths"] { #expect(own.paths == paths.numbers.map { Int($0) }) }
    }
  }

  @Test func combinationsAreThoseOfSkfolio() throws {
    let layouts = try golden("skfolio")
    #expect(layouts.count == 60)
    for one in layouts {
      let ends = try PurgedTraining.labelEnds(
        count: integer(one, "sessions"), sessionsBehind: integer(one, "sessions_behind"))
      let found = try CombinatorialSplits(
        labelEnds: ends, folds: integer(one, "folds"), testFolds: integer(one, "test_folds"),
        embargo: integer(one, "embargo"))
      expectSplits(found, one["splits"], mergesTests: false)
    }
  }

  @Test func combinationsWithLabelsOfAnyLengthAreThoseOfPurgedcv() throws {
    let layouts = try golden("purgedcv")
    #expect(layouts.count == 70)
    for one in layouts {
      let found = try CombinatorialSplits(
        labelEnds: (one["label_ends"]?.numbers ?? []).map { Int($0) }, folds: integer(one, "folds"),
        testFolds: integer(one, "test_folds"), embargo: integer(one, "embargo"))
      expectSplits(found, one["splits"], mergesTests: true)
    }
  }

  @Test func overfittingIsThatOfPurgedcv() throws {
    for one in try golden("overfitting") {
      let rows = (one["returns"]?.arrayValue ?? []).map(\.numbers)
      let found = try #require(try BacktestOverfitting(returns: rows, blocks: integer(one, "blocks")))
      let logits = one["logits"]?["values"]?.numbers ?? []
      #expect(found.probability == one["probability"]?["value"]?.doubleValue && found.logits.count == logits.count)
      #expect(zip(found.logits, logits).allSatisfy { abs($0 - $1) <= 1e-12 })
      let slope = try #require(one["slope"]?["value"]?.doubleValue)
      #expect(try abs(#require(found.slope) - slope) <= 1e-9 * abs(slope))
    }
  }

  /// Labels of random length, several blocks of tests, 500 layouts: no training label shares a session with a test label, the embargo lies behind
  /// the last of them, and nothing more is dropped.
  @Test func noTrainingLabelTouchesATestLabel() {
    var stream = RandomStream(seed: 6, purpose: .mutation)
    func below(_ bound: Int) -> Int { Int(stream.nextInteger(below: UInt64(bound))) }
    for _ in 0..<500 {
      let count = 20 + below(200)
      let longest = 1 + below(30)
      let ends = (0..<count).map { $0 + 1 + below(longest) }
      let embargo = below(8)
      var (tests, begin): ([Range<Int>], Int) = ([], below(10))
      while begin < count {
        let end = min(count, begin + 1 + below(20))
        tests.append(begin..<end)
        begin = end + below(40)
      }
      let tested = Set(tests.flatMap { Array($0) })
      let training = PurgedTraining.samples(labelEnds: ends, tests: tests, embargo: embargo)
      let allowed = Set(training)
      #expect(allowed.isDisjoint(with: tested))
      for sample in 0..<count where !tested.contains(sample) {
        let touches = tested.contains { sample < ends[$0] && $0 < ends[sample] }
        let isBehind = tested.contains { $0 < sample && sample < ends[$0] + embargo }
        #expect(allowed.contains(sample) == !(touches || isBehind), "sample \(sample) of \(count)")
      }
    }
  }

  /// How well the returns of 20 sessions are foretold by those of the five training samples that look most alike, where nothing tells of them: what is
  /// seen is a random walk, so that alike is near in time. `sessionsBehind`: how far a label reaches, as the purge is told.
  private func foretold(seed: UInt64, sessionsBehind: Int) -> Double {
    let (count, length) = (600, 20)
    var stream = RandomStream(seed: seed, purpose: .market)
    let returns = (0..<count + length).map { _ in stream.nextNormal() }
    let labels = (0..<count).map { returns[$0..<$0 + length].reduce(0, +) }
    var level = 0.0
    let seen = (0..<count).map { _ in
      level += stream.nextNormal()
      return level
    }
    let tests = stride(from: 30, to: count - 30, by: 60).map { $0..<$0 + 5 }
    let training = PurgedTraining.samples(
      labelEnds: PurgedTraining.labelEnds(count: count, sessionsBehind: sessionsBehind), tests: tests, embargo: 1)
    let tested = tests.flatMap { Array($0) }
    let found = tested.map { sample in
      training.sorted { abs(seen[$0] - seen[sample]) < abs(seen[$1] - seen[sample]) }.prefix(5)
        .reduce(0) { $0 + labels[$1] }
    }
    return correlation(found, tested.map { labels[$0] })
  }

  private func correlation(_ one: [Double], _ other: [Double]) -> Double {
    let (mean, otherMean) = (one.reduce(0, +) / Double(one.count), other.reduce(0, +) / Double(other.count))
    let products = zip(one, other).map { ($0 - mean, $1 - otherMean) }
    let (own, others) = (products.reduce(0) { $0 + $1.0 * $1.0 }, products.reduce(0) { $0 + $1.1 * $1.1 })
    return products.reduce(0) { $0 + $1.0 * $1.1 } / (own * others).squareRoot()
  }

  /// Planted: labels that overlap look foretold where nothing is purged, in a hundred markets in which nothing can be. With the purge it is chance.
  @Test func overlappingLabelsTeachNothingOncePurged() throws {
    func score(sessionsBehind: Int) throws -> (mean: Double, error: Double) {
      let scores = (0..<100).map { foretold(seed: $0, sessionsBehind: sessionsBehind) }
      return (scores.reduce(0, +) / 100, try #require(ReturnStatistics.standardDeviation(scores)) / 10)
    }
    let (leaking, purged) = (try score(sessionsBehind: 0), try score(sessionsBehind: 19))
    #expect(leaking.mean > 5 * leaking.error, "\(leaking)")
    #expect(abs(purged.mean) < 3 * purged.error, "\(purged)")
  }

  @Test func walksEndWhereTheSessionsDo() {
    let walk = WalkForward(kind: .rolling, training: 10, test: 5, purge: 3)
    #expect(walk.embargo == 1 && walk.fewestSessions == 19)
    #expect(walk.folds(sessions: 18).isEmpty)
    #expect(walk.folds(sessions: 19) == [.init(training: 0..<10, test: 14..<19)])
    #expect(walk.folds(sessions: 28).count == 2 && walk.folds(sessions: 29).count == 3)
  }

  @Test func everyPathTestsEverySessionOnce() {
    let splits = CombinatorialSplits(
      labelEnds: PurgedTraining.labelEnds(count: 61, sessionsBehind: 2), folds: 6, testFolds: 2, embargo: 1)
    #expect(splits.splits.count == 15 && splits.pathCount == 5)
    for path in 0..<splits.pathCount {
      let tested = splits.splits.flatMap { split in
        zip(split.tests, split.paths).filter { $0.1 == path }.flatMap { Array($0.0) }
      }
      #expect(tested.sorted() == Array(0..<61))
    }
  }

  @Test func purgedFoldsLeaveOutWhatTouches() throws {
    let folds = PurgedFolds(count: 4, purge: 3, embargo: 1)
    let splits = try #require(folds.splits(sessions: 120)).splits
    #expect(splits.count == 6)
    for split in splits {
      let tested = Set(split.tests.flatMap { Array($0) })
      #expect(tested.count == 60 && split.training.count >= PurgedFolds.fewestSessions)
      // Nobody within 3 sessions before a test, or within 4 behind it.
      for sample in split.training { #expect(tested.isDisjoint(with: (sample - 4)...(sample + 3)), "\(sample)") }
    }
    // A fold of 30 sessions between two tests keeps none where 15 are left out on each side.
    #expect(PurgedFolds(count: 4, purge: 15, embargo: 1).splits(sessions: 120) == nil)
    #expect(PurgedFolds.most(sessions: 120, purge: 15, embargo: 1) == 2)
    #expect(PurgedFolds.most(sessions: 120, purge: 3, embargo: 1) == 12)
    #expect(PurgedFolds.most(sessions: 30, purge: 0, embargo: 0) == nil)
  }

  @Test func overfittingOverPurgedFoldsIsThatOfItsWays() throws {
    var stream = RandomStream(seed: 3, purpose: .market)
    let rows = (0..<5).map { _ in (0..<120).map { _ in stream.nextNormal() } }
    let found = try #require(
      BacktestOverfitting(returns: rows, folds: PurgedFolds(count: 4, purge: 3, embargo: 1)))
    #expect(found.logits.count == 6 && found.logits.allSatisfy(\.isFinite))
    // Without purge and embargo, and of sessions that go into the folds, it is that of blocks.
    let blocks = try #require(BacktestOverfitting(returns: rows, blocks: 4))
    let side = try #require(BacktestOverfitting(returns: rows, folds: PurgedFolds(count: 4, purge: 0, embargo: 0)))
    #expect(side == blocks && found != blocks)
    #expect(BacktestOverfitting(returns: [rows[0]], folds: PurgedFolds(count: 4, purge: 0, embargo: 0)) == nil)
    // The one that is always better is never overfitted.
    let best = [0.02, 0.0].map { mean in (0..<120).map { mean + 0.001 * Double($0 % 2) } }
    #expect(
      BacktestOverfitting(returns: best, folds: PurgedFolds(count: 4, purge: 3, embargo: 1))?.probability == 0)
  }

  @Test func overfittingNeedsTwoAndTime() {
    #expect(BacktestOverfitting(returns: [[0.1, 0.2]], blocks: 2) == nil)
    #expect(BacktestOverfitting(returns: [[0.1], [0.2]], blocks: 2) == nil)
    // The one that is always better is never overfitted.
    let rows = [0.02, 0.0].map { mean in (0..<64).map { mean + 0.001 * Double($0 % 2) } }
    #expect(BacktestOverfitting(returns: rows, blocks: 8)?.probability == 0)
  }
}
