// Advantages, running moments, memory layout and the cutting of minibatches.

import AgentInterface
import Kernels
import Networks
import OpCases
import Testing

@testable import Algorithms

@Suite struct AdvantagesTests {
  /// Against the definition: a sum over the steps until the episode ends, in double precision.
  @Test func equalTheDiscountedSumOfErrors() {
    let (horizon, lanes, gamma, decay) = (17, 6, 0.97, 0.9)
    var random = RandomStream(seed: 1, purpose: .market)
    let rows = horizon * lanes
    var (terminated, truncated) = ([UInt8](repeating: 0, count: rows), [UInt8](repeating: 0, count: rows))
    for index in 0..<rows {
      let fate = random.nextDouble()
      if fate < 0.1 { terminated[index] = 1 } else if fate < 0.25 { truncated[index] = 1 }
    }
    let rewards = (0..<rows).map { _ in Float(random.nextNormal()) }
    let bootstraps = (0..<rows).map { _ in Float(random.nextNormal()) }
    let values = (0..<(rows + lanes)).map { _ in Float(random.nextNormal()) }
    let (advantages, returns) = (FencedBuffer(count: rows), FencedBuffer(count: rows))
    for range in [0..<2, 2..<6] {
      Advantages.estimate(
        horizon: horizon, laneCount: lanes, lanes: range, rewards: rewards, terminated: terminated,
        truncated: truncated, bootstrapValues: bootstraps, values: values, gamma: gamma, gaeLambda: decay,
        advantages: advantages.base, returns: returns.base)
    }
    func delta(_ index: Int) -> Double {
      let next =
        terminated[index] != 0 ? 0 : truncated[index] != 0 ? Double(bootstraps[index]) : Double(values[index + lanes])
      return Double(rewards[index]) + gamma * next - Double(values[index])
    }
    for lane in 0..<lanes {
      for step in 0..<horizon {
        var (expected, weight) = (0.0, 1.0)
        for later in step..<horizon {
          let index = later * lanes + lane
          expected += weight * delta(index)
          if terminated[index] != 0 || truncated[index] != 0 { break }
          weight *= gamma * decay
        }
        let index = step * lanes + lane
        #expect(abs(Double(advantages.base[index]) - expected) < 1e-5)
        #expect(abs(Double(returns.base[index]) - expected - Double(values[index])) < 1e-5)
      }
    }
    #expect(advantages.isIntact && returns.isIntact)
  }

  @Test func explainedVarianceKnowsItsEnds() {
    let returns: [Float] = [1, 2, 4, 7]
    #expect(Advantages.explainedVariance(values: returns, returns: returns, count: 4) == 1)
    #expect(Advantages.explainedVariance(values: [3, 3, 3, 3], returns: returns, count: 4) == 0)
    #expect(Advantages.explainedVariance(values: returns, returns: [2, 2, 2, 2], count: 4).isNaN)
    // Errors 1, 0, 0, -1 (population variance 1/2) against returns of population variance 21/4.
    #expect(
      abs(Advantages.explainedVariance(values: [0, 2, 4, 8], returns: returns, count: 4) - (1 - 2.0 / 21)) < 1e-12)
  }
}

@Suite struct RunningMomentsTests {
  /// Three batches in slices against the moments of all rows at once, with the prior's weight of 1e-4 at mean 0 and variance 1.
  @Test func equalThoseOfEverythingSeen() {
    var random = RandomStream(seed: 3, purpose: .market)
    let rows = (0..<30).map { _ in [Float(random.nextNormal() * 3 + 50), Float(random.nextNormal()), 7] }
    let moments = RunningMoments(columns: 3, sliceCount: 3)
    for batch in 0..<3 {
      for (slice, range) in [0..<4, 4..<4, 4..<10].enumerated() {
        let storage = FloatStorage(range.flatMap { rows[batch * 10 + $0] })
        moments.measure(slice: slice, rows: MatrixView(base: storage.base, rows: range.count, columns: 3))
      }
      moments.merge()
    }
    #expect(abs(moments.count - 30.0001) < 1e-9)
    for column in 0..<3 {
      let values = rows.map { Double($0[column]) }
      let mean = values.reduce(0, +) / 30.0001
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } + 1e-4 * (1 + mean * mean)
      #expect(abs(moments.mean[column] - mean) < 1e-9)
      #expect(abs(moments.variance[column] - squares / 30.0001) < 1e-7)
    }
  }

  @Test func rewardsAreScaledByTheirReturnsSpread() {
    let normalizer = RewardNormalizer(laneCount: 2, sliceCount: 1, gamma: 0.5, clip: 10)
    var expectedReturns = [0.0, 0.0]
    var (count, mean, variance) = (1e-4, 0.0, 1.0)
    var random = RandomStream(seed: 5, purpose: .market)
    for step in 0..<20 {
      var rewards = [Float(random.nextNormal()), Float(random.nextNormal())]
      let raw = rewards
      let ended: [UInt8] = [step == 7 ? 1 : 0, 0]
      normalizer.measure(slice: 0, lanes: 0..<2, rewards: rewards)
      normalizer.moments.merge()
      normalizer.normalize(lanes: 0..<2, rewards: &rewards, ended: ended)
      for lane in 0..<2 { expectedReturns[lane] = expectedReturns[lane] * 0.5 + Double(raw[lane]) }
      let batchMean = (expectedReturns[0] + expectedReturns[1]) / 2
      let batchVariance = (expectedReturns[0] - batchMean) * (expectedReturns[0] - batchMean)
      let delta = batchMean - mean
      variance = (variance * count + batchVariance * 2 + delta * delta * count * 2 / (count + 2)) / (count + 2)
      mean += delta * 2 / (count + 2)
      count += 2
      for lane in 0..<2 {
        let expected = max(-10, min(10, Double(raw[lane]) / (variance + 1e-8).squareRoot()))
        #expect(abs(Double(rewards[lane]) - expected) < 1e-6)
        if ended[lane] != 0 { expectedReturns[lane] = 0 }
      }
    }
  }
}

@Suite struct MinibatchCutterTests {
  private static func rollout(horizon: Int, lanes: Int) -> Rollout {
    let rollout = Rollout(
      horizon: horizon, laneCount: lanes, observationCount: 2, hiddenCount: 3, hasCriticState: true,
      keepsEveryState: true)
    var random = RandomStream(seed: 8, purpose: .market)
    for index in 0..<(horizon * lanes) {
      rollout.observations[2 * index] = Float(index)
      rollout.observations[2 * index + 1] = -Float(index)
      rollout.starts[index] = random.nextDouble() < 0.2 ? 1 : 0
      for unit in 0..<3 { rollout.states.criticCell?[3 * index + unit] = Float(10 * index + unit) }
    }
    return rollout
  }

  /// Every step once an epoch, each row with its own observation, in a fresh order.
  @Test(arguments: [
    (MinibatchScheme.shuffled, 9, 40, 100), (.shuffled, 9, 40, 1000), (.lanes, 9, 40, 9 * 7), (.lanes, 9, 150, 9 * 70),
    (.rotation, 9, 40, 50), (.rotation, 9, 40, 360),
  ])
  func visitsEveryStepOnce(scheme: MinibatchScheme, horizon: Int, lanes: Int, batchSize: Int) {
    let rollout = MinibatchCutterTests.rollout(horizon: horizon, lanes: lanes)
    let cutter = MinibatchCutter(scheme: scheme, rollout: rollout, batchSize: batchSize, workerCount: 1)
    var random = RandomStream(seed: 1, purpose: .minibatchOrder)
    var orders: [[Int32]] = []
    for _ in 0..<2 {
      cutter.beginEpoch(.random, random: &random)
      var visited: [Int32] = []
      for minibatch in 0..<cutter.minibatchCount {
        cutter.cut(minibatch)
        #expect(cutter.sliceCount <= cutter.sliceLimit)
        var valid = 0
        for slice in 0..<cutter.sliceCount {
          let (batch, indices) = cutter.prepare(slice: slice, worker: 0)
          #expect(batch.rows <= cutter.room.rows)
          for row in 0..<batch.rows where indices[row] >= 0 {
            let (step, sequence) = row.quotientAndRemainder(dividingBy: batch.count)
            let observation = batch.observations + step * batch.observationTimeStride + sequence * 2
            #expect(observation[0] == Float(indices[row]) && observation[1] == -Float(indices[row]))
            visited.append(indices[row])
            valid += 1
          }
        }
        #expect(valid == cutter.validCount)
      }
      #expect(visited.sorted() == (0..<Int32(horizon * lanes)).map { $0 })
      orders.append(visited)
    }
    #expect(orders[0] != orders[1])
  }

  /// Sequences of the rotation: cut at the minibatch's first step and between lanes, each from its stored state; episode starts are told.
  @Test func rotationCutsIntoSequences() {
    let (horizon, lanes, batchSize, split) = (7, 5, 12, 16)
    let rollout = MinibatchCutterTests.rollout(horizon: horizon, lanes: lanes)
    let cutter = MinibatchCutter(scheme: .rotation, rollout: rollout, batchSize: batchSize, workerCount: 1)
    var random = RandomStream(seed: 1, purpose: .minibatchOrder)
    cutter.beginEpoch(.split(split), random: &random)
    for minibatch in 0..<cutter.minibatchCount {
      var expected: [[Int32]] = []
      for position in (minibatch * batchSize)..<min((minibatch + 1) * batchSize, horizon * lanes) {
        let step = (split + position) % (horizon * lanes)
        let place = (step % horizon) * lanes + step / horizon
        if position == minibatch * batchSize || step % horizon == 0 {
          expected.append([])
        }
        expected[expected.count - 1].append(Int32(place))
      }
      cutter.cut(minibatch)
      #expect(cutter.sliceCount == 1)
      let (batch, indices) = cutter.prepare(slice: 0, worker: 0)
      #expect(batch.count == expected.count)
      #expect(batch.length == expected.map(\.count).max())
      for (sequence, places) in expected.enumerated() {
        for step in 0..<batch.length {
          #expect(indices[step * batch.count + sequence] == (step < places.count ? places[step] : -1))
          #expect(
            (batch.starts?[step * batch.count + sequence] ?? 9)
              == (step < places.count ? rollout.starts[Int(places[step])] : 0))
        }
        #expect(batch.initialState.criticCell?[sequence * 3 + 2] == Float(10 * places[0] + 2))
      }
    }
  }

  @Test func advantageMomentsAreTheMinibatchs() {
    let rollout = MinibatchCutterTests.rollout(horizon: 4, lanes: 3)
    for index in 0..<12 { rollout.advantages[index] = Float(index * index) }
    let cutter = MinibatchCutter(scheme: .lanes, rollout: rollout, batchSize: 4, workerCount: 1)
    var random = RandomStream(seed: 1, purpose: .minibatchOrder)
    cutter.beginEpoch(.blocks([2, 0, 1]), random: &random)
    cutter.cut(0)
    // Lane 2: steps at 2, 5, 8, 11: squares 4, 25, 64, 121; mean 53.5, unbiased variance 2643.
    let moments = cutter.advantageMoments()
    #expect(moments.mean == 53.5)
    #expect(abs(moments.deviation - 2643.0.squareRoot()) < 1e-9)
  }
}

@Suite struct RolloutTests {
  /// What the environment writes at step t is what the policy reads at step t + 1, and the last row becomes the first.
  @Test func stepBuffersAreTheRolloutsOwnRows() {
    let rollout = Rollout(horizon: 3, laneCount: 2, observationCount: 4)
    let buffers = rollout.stepBuffers(at: 1)
    #expect(buffers.observations.base == rollout.observations + 2 * 2 * 4)
    #expect(buffers.masks.base == rollout.masks.base + 2 * 2)
    #expect(buffers.rewards == rollout.rewards + 2)
    #expect(buffers.terminated == rollout.terminated + 2)
    #expect(buffers.truncated == rollout.truncated + 2)
    #expect(rollout.resetBuffers.observations.base == rollout.observations)
    #expect(rollout.starts[0] == 1 && rollout.starts[1] == 1)
  }

  @Test func permutedRewardsAreTheSameNumbersElsewhere() {
    let rollout = Rollout(horizon: 20, laneCount: 5, observationCount: 1)
    for index in 0..<100 { rollout.rewards[index] = Float(index) }
    var random = RandomStream(seed: 1, purpose: .rewardPermutation)
    rollout.permuteRewards(using: &random)
    let found = (0..<100).map { rollout.rewards[$0] }
    #expect(found.sorted() == (0..<100).map(Float.init))
    #expect(found != (0..<100).map(Float.init))
  }
}
