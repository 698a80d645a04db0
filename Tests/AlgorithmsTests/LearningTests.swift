// A small world that only memory solves: the shortest proof that the parts learn together.

import AgentInterface
import Algorithms
import Inference
import Kernels
import Networks
import Testing

/// Episodes of three steps: a cue of +-1 is seen at the first, and the action at the last is right (reward 1) if it names the cue.
private final class RecallWorld {
  private var random: RandomStream
  private var cues: [Int]
  private var times: [Int]

  init(laneCount: Int) {
    random = RandomStream(seed: 6, purpose: .market)
    cues = [Int](repeating: 0, count: laneCount)
    times = cues
  }

  func start(_ lane: Int, _ row: StepBuffers) {
    (cues[lane], times[lane]) = (Int(random.nextInteger(below: 2)), 0)
    row.observations.row(lane)[0] = Float(2 * cues[lane] - 1)
    row.masks[lane] = .all(count: 2)
  }

  func step(_ lane: Int, action: Int32, _ row: StepBuffers) {
    times[lane] += 1
    let isOver = times[lane] == 3
    row.rewards[lane] = isOver && Int(action) == cues[lane] ? 1 : 0
    (row.terminated[lane], row.truncated[lane]) = (isOver ? 1 : 0, 0)
    if isOver { return start(lane, row) }
    row.observations.row(lane)[0] = 0
    row.masks[lane] = .all(count: 2)
  }
}

@Suite struct LearningTests {
  /// The share of right answers in the last of `updates` rollouts.
  private static func share(_ memory: NetworkSpec.Memory, _ scheme: MinibatchScheme, updates: Int) -> Double {
    let (lanes, horizon) = (64, 12)
    var configuration = PPO.Configuration()
    (configuration.horizon, configuration.batchSize, configuration.epochs) = (horizon, horizon * lanes / 4, 4)
    (configuration.learningRate, configuration.minibatchScheme) = (0.01, scheme)
    let spec = NetworkSpec(
      inputs: 1, actions: 2, memory: memory, policyTower: [8], valueTower: [8], activation: .tanh, hasValueHead: true)
    let ppo = PPO(
      configuration: configuration, spec: spec, laneCount: lanes, masked: true, seed: 1,
      pool: WorkerPool(workerCount: 1))
    let world = RecallWorld(laneCount: lanes)
    for lane in 0..<lanes { world.start(lane, ppo.rollout.resetBuffers) }
    ppo.begin()
    var right: Float = 0
    for _ in 0..<updates {
      for step in 0..<horizon {
        ppo.act(at: step)
        for lane in 0..<lanes {
          world.step(lane, action: ppo.rollout.actions(at: step)[lane], ppo.rollout.stepBuffers(at: step))
        }
        ppo.absorb(at: step)
      }
      ppo.finishRollout()
      right = (0..<(horizon * lanes)).reduce(0) { $0 + ppo.rollout.rewards[$1] }
      _ = ppo.update(progressRemaining: 1)
      ppo.startNextRollout()
    }
    return Double(right) / Double(horizon / 3 * lanes)
  }

  /// 256 answers a rollout: chance lies at 0.5 with a deviation of 0.03.
  @Test func memoryRecallsWhatReactionCannot() {
    for scheme in [MinibatchScheme.lanes, .rotation] {
      #expect(LearningTests.share(.lstm(hidden: 8, critic: .separate), scheme, updates: 40) > 0.9)
    }
    #expect(abs(LearningTests.share(.none, .shuffled, updates: 40) - 0.5) < 0.15)
  }
}
