// The planted markets are what they claim: their statistics, optima, masks, and state.

import AgentInterface
import Environments
import Kernels
import Testing

/// Plays `steps` steps in every lane and returns the mean reward per step of each lane.
func laneMeans(
  _ environment: some GameEnvironment, seed: UInt64, steps: Int, rule: (UnsafePointer<Float>) -> Int32
) -> [Double] {
  let row = StepRow(for: environment)
  row.reset(environment, seed: seed)
  var sums = [Double](repeating: 0, count: environment.laneCount)
  for _ in 0..<steps {
    row.choose(rule)
    row.step(environment)
    for lane in 0..<environment.laneCount { sums[lane] += Double(row.rewards[lane]) }
  }
  return sums.map { $0 / Double(steps) }
}

func meanAndError(_ values: [Double]) -> (mean: Double, error: Double) {
  let mean = values.reduce(0, +) / Double(values.count)
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  return (mean, (variance / Double(values.count)).squareRoot())
}

/// Short above the threshold, long below its negative, unchanged between.
private func band(_ threshold: Float) -> (UnsafePointer<Float>) -> Int32 {
  { observation in
    if observation[0] > threshold { return 0 }
    if observation[0] < -threshold { return 2 }
    return Int32(observation[1]) + 1
  }
}

@Test func reversionBandEarnsTheKnownOptimum() throws {
  let environment = Lanes(MeanReversionMarket(), laneCount: 512)
  let (mean, error) = meanAndError(laneMeans(environment, seed: 11, steps: 1024, rule: band(2.02)))
  let optimum = try #require(environment.optimumPerStep)
  // An episode enters once for 0.5 and ends without leaving, where the stationary optimum pays its changes evenly.
  #expect(abs(mean - optimum) < 3 * error + 0.5 / 1024, "mean \(mean), optimum \(optimum), error \(error)")
  #expect(error < 0.0025)
}

@Test(arguments: [Float(0.5), 5])
func otherBandsEarnLess(threshold: Float) {
  let environment = Lanes(MeanReversionMarket(), laneCount: 512)
  let (mean, error) = meanAndError(laneMeans(environment, seed: 11, steps: 1024, rule: band(threshold)))
  #expect(mean < 0.0928 - 3 * error, "threshold \(threshold): mean \(mean), error \(error)")
}

@Test func reversionWithoutCostEarnsItsClosedForm() {
  let environment = Lanes(MeanReversionMarket(positionChangeCost: 0), laneCount: 512)
  let (mean, error) = meanAndError(laneMeans(environment, seed: 3, steps: 1024, rule: band(0)))
  let closedForm =
    (1 - MeanReversionMarket.persistence) * MeanReversionMarket.stationaryDeviation
    * (2 / Double.pi).squareRoot()
  #expect(abs(closedForm - 0.12776) < 1e-5)
  #expect(abs(mean - closedForm) < 3 * error, "mean \(mean), closed form \(closedForm), error \(error)")
}

@Test func reversionStartsStationaryAndStaysSo() {
  let environment = Lanes(MeanReversionMarket(), laneCount: 4096)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 5)
  for round in 0..<3 {
    let squares = (0..<4096).map { Double(row.observation($0)[0]) * Double(row.observation($0)[0]) }
    let variance = squares.reduce(0, +) / 4096
    // A variance of 4,096 normal numbers has a relative error of sqrt(2 / 4096) = 2.2 %.
    #expect(abs(variance / 10.2564 - 1) < 0.07, "after \(round * 40) steps: variance \(variance)")
    row.choose { _ in 1 }
    for _ in 0..<40 { row.step(environment) }
  }
}

@Test func reversionRewardIsTheMoveLessTheChange() {
  let environment = Lanes(MeanReversionMarket(episodeLength: 6), laneCount: 1)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 2)
  var position = 0.0
  for (step, action) in [2, 2, 0, 1, 0, 2].enumerated() {
    let before = Double(row.observation(0)[0])
    #expect(Double(row.observation(0)[1]) == position)
    row.actions[0] = Int32(action)
    row.step(environment)
    let next = Double(action - 1)
    let after = Double(step == 5 ? row.finalObservation(0)[0] : row.observation(0)[0])
    #expect(abs(Double(row.rewards[0]) - (next * (after - before) - 0.5 * abs(next - position))) < 1e-5)
    #expect(row.truncated[0] == (step == 5 ? 1 : 0))
    #expect(row.terminated[0] == 0)
    position = next
  }
  #expect(row.finalObservation(0)[1] == 1)
  #expect(row.observation(0)[1] == 0)
  #expect(environment.drainEpisodes().map(\.length) == [6])
}

@Test func leakOracleEarnsTheMeanMagnitude() throws {
  let environment = Lanes(LeakMarket(), laneCount: 256)
  let (mean, error) = meanAndError(laneMeans(environment, seed: 7, steps: 1024) { $0[0] > 0 ? 2 : 0 })
  let optimum = try #require(environment.optimumPerStep)
  #expect(abs(optimum - 0.7979) < 5e-5)
  #expect(abs(mean - optimum) < 3 * error && error < 0.002, "mean \(mean), error \(error)")
  let episodes = environment.drainEpisodes()
  #expect(episodes.count == 256 && episodes.allSatisfy { $0.length == 1024 })
  // The leak is the only edge: a rule that looks at the position alone earns nothing.
  let blind = meanAndError(laneMeans(environment, seed: 8, steps: 1024) { $0[1] > 0 ? 0 : 2 })
  #expect(abs(blind.mean) < 3 * blind.error, "mean \(blind.mean), error \(blind.error)")
}

@Test func cuePaysMemoryAndNothingElse() {
  let days = 32
  let environment = Lanes(CueMarket(), laneCount: 512)
  let row = StepRow(for: environment)
  row.reset(environment, seed: 1)
  var remembered = [Float](repeating: 0, count: 512)
  for step in 0..<(30 * days) {
    let bar = step % 30
    var wrong = 0
    for lane in 0..<512 {
      let cue = row.observations.base[2 * lane]
      let last = row.observations.base[2 * lane + 1]
      if bar == 0 { remembered[lane] = cue }
      if abs(cue) != (bar == 0 ? 1 : 0) || last != (bar == 29 ? 1 : 0) { wrong += 1 }
      if row.masks[lane].rawValue != (bar == 29 ? 0b111 : 0b010) { wrong += 1 }
      // Half of the lanes remember, the other half always buy.
      row.actions[lane] = bar < 29 ? 1 : (lane < 256 ? Int32(remembered[lane]) + 1 : 2)
    }
    row.step(environment)
    for lane in 0..<512 {
      if row.terminated[lane] != (bar == 29 ? 1 : 0) || row.truncated[lane] != 0 { wrong += 1 }
      if bar < 29 && row.rewards[lane] != 0 { wrong += 1 }
    }
    #expect(wrong == 0, "bar \(bar)")
  }
  let episodes = environment.drainEpisodes()
  #expect(episodes.count == 512 * days && episodes.allSatisfy { $0.length == 30 })
  let memory = meanAndError(episodes.filter { $0.lane < 256 }.map(\.episodeReturn))
  let blind = meanAndError(episodes.filter { $0.lane >= 256 }.map(\.episodeReturn))
  #expect(abs(memory.mean - 1) < 3 * memory.error && memory.error < 0.02, "memory earns \(memory)")
  #expect(abs(blind.mean) < 3 * blind.error, "no memory earns \(blind)")
  #expect(environment.drainIllegalAttempts() == 0)
}

@Test func cueTurnsIllegalRequestsIntoFlatAndCountsThem() {
  let asked = Lanes(CueMarket(), laneCount: 4)
  let plain = Lanes(CueMarket(), laneCount: 4)
  let askedRow = StepRow(for: asked)
  let plainRow = StepRow(for: plain)
  askedRow.reset(asked, seed: 9)
  plainRow.reset(plain, seed: 9)
  for step in 0..<60 {
    let isLast = step % 30 == 29
    askedRow.choose { _ in 2 }
    plainRow.choose { _ in isLast ? 2 : 1 }
    askedRow.step(asked)
    plainRow.step(plain)
    for lane in 0..<4 { #expect(askedRow.bits(lane) == plainRow.bits(lane)) }
  }
  #expect(asked.drainIllegalAttempts() == 4 * 29 * 2)
  #expect(asked.drainIllegalAttempts() == 0)
  #expect(plain.drainIllegalAttempts() == 0)
}

private let plantedNames = EnvironmentRegistry.families.filter { !$0.hasWindows }.map(\.name)

private func small(_ name: String, laneCount: Int) throws -> any GameEnvironment {
  switch name {
  case "mean_reversion": Lanes(MeanReversionMarket(episodeLength: 50), laneCount: laneCount)
  case "leak": Lanes(LeakMarket(episodeLength: 50), laneCount: laneCount)
  case "leak_basket": Lanes(LeakBasket(count: 5, episodeLength: 50), laneCount: laneCount)
  case "cue": Lanes(CueMarket(bars: 7), laneCount: laneCount)
  case "martingale": Lanes(MartingaleMarket(bars: 40), laneCount: laneCount)
  default: Lanes(RegimeSwitchingMarket(episodeLength: 50), laneCount: laneCount)
  }
}

@Test(arguments: plantedNames)
func lanesDoNotDependOnTheirNumberOrRanges(name: String) throws {
  func play(_ environment: some VectorEnvironment, ranges: [Range<Int>]) -> [[UInt64]] {
    let row = StepRow(for: environment)
    row.reset(environment, seed: 21)
    var trace: [[UInt64]] = []
    for step in 0..<200 {
      row.chooseLegal(seed: 4, step: step)
      for range in ranges { row.step(environment, lanes: range) }
      trace += (0..<3).map { row.bits($0) }
    }
    return trace
  }
  let one = play(try small(name, laneCount: 3), ranges: [0..<3])
  #expect(play(try small(name, laneCount: 8), ranges: [5..<8, 0..<2, 2..<5]) == one)
  // The cue market looks alike on most bars; the others never.
  #expect(Set(one).count > (name == "cue" ? 50 : 590), "lanes repeat each other")
}

@Test(arguments: plantedNames)
func restoredEqualsUninterrupted(name: String) throws {
  func run(_ environment: some VectorEnvironment, _ row: StepRow, _ steps: Range<Int>) -> [[UInt64]] {
    steps.flatMap { step in
      row.chooseLegal(seed: 4, step: step)
      // Now and then a wish that does not ask the mask.
      if step % 11 == 0 { row.actions[0] = 2 }
      row.step(environment)
      return (0..<5).map { row.bits($0) }
    }
  }
  let whole = try small(name, laneCount: 5)
  let row = StepRow(for: whole)
  row.reset(whole, seed: 6)
  _ = run(whole, row, 0..<230)
  let saved = whole.snapshot()
  let masks = (0..<5).map { row.masks[$0] }
  let rest = run(whole, row, 230..<500)
  let other = try small(name, laneCount: 5)
  let otherRow = StepRow(for: other)
  otherRow.reset(other, seed: 99)
  try other.restore(saved)
  #expect(other.snapshot() == saved)
  for lane in 0..<5 { otherRow.masks[lane] = masks[lane] }
  #expect(run(other, otherRow, 230..<500) == rest)
  #expect(other.snapshot() == whole.snapshot())
  #expect(other.drainEpisodes() == whole.drainEpisodes())
  #expect(other.drainIllegalAttempts() == whole.drainIllegalAttempts())
}

@Test(arguments: plantedNames)
func brokenStatesAreRefusedByName(name: String) throws {
  let environment = try small(name, laneCount: 2)
  StepRow(for: environment).reset(environment, seed: 6)
  let saved = environment.snapshot()
  #expect(throws: RestoreError.missing("random/position")) {
    var state = saved
    state.integers["random/position"] = nil
    try environment.restore(state)
  }
  #expect(throws: RestoreError.wrongLength(name: "episodes/return", expected: 2, found: 1)) {
    var state = saved
    state.doubles["episodes/return"] = [1]
    try environment.restore(state)
  }
  #expect(throws: RestoreError.self) {
    var state = saved
    state.integers["episodes/finished_counts"] = [.max, .max]
    try environment.restore(state)
  }
  #expect(environment.snapshot() == saved)
}

@Test func registryKnowsEveryNameOnce() {
  let families = EnvironmentRegistry.families
  #expect(
    families.map(\.name) == [
      "dual_ticker", "mean_reversion", "leak", "leak_basket", "cue", "martingale", "regime_switching", "straddle",
      "options", "short_premium",
    ])
  #expect(families[0].aliases == ["basket"])
  let played = families.filter { $0.hasWindows }.map { $0.name }
  #expect(played == ["dual_ticker", "options", "short_premium"])
  for family in families where !family.hasWindows {
    guard case .game(let game) = family.play else {
      Issue.record("\(family.name) is not a game")
      continue
    }
    let environment = game.lanes(family.defaults, 2)
    #expect(environment.laneCount == 2)
    let space = environment.actionSpace
    #expect(space.fallback.map { space.isFactored ? space.choices(of: $0) : [Int($0)] }?.allSatisfy { $0 == 1 } == true)
    #expect(environment.optimumPerStep != nil)
    #expect(game.spaces(family.defaults) == EnvironmentSpaces(environment))
  }
}
