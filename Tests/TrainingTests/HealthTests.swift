// What goes wrong in a run is found where it begins, recorded, and traced back to its origin; a sound run does not notice.

import AgentInterface
import Algorithms
import Environments
import Inference
import Kernels
import Networks
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

@Suite struct HealthTests {
  // MARK: What the environment gives

  private static let faults: [(FaultyEnvironment.Fault, stage: String, place: String)] = [
    (.observation(column: 3, value: .nan), "observations after the step", "lane 7, column 3"),
    (.observation(column: 0, value: -.infinity), "observations after the step", "lane 7, column 0"),
    (.finalObservation(column: 4, value: .infinity), "last observations of episodes", "lane 7, column 4"),
    (.reward(.nan), "rewards", "lane 7"), (.reward(.infinity), "rewards", "lane 7"),
  ]

  /// In the middle of the second rollout, where the environment gives it, before anything is computed from it.
  @Test(arguments: watched) func aFaultOfTheEnvironmentIsFoundAtOnce(_ tag: AlgorithmTag) throws {
    for (fault, stage, place) in Self.faults {
      for step in [1, 21] {
        let run = WatchedRun(tag, fault: (fault, 7, step))
        let found = run.run(rollouts: 4)
        #expect(found.count == 1 && run.learner.health.isHalted)
        let incident = try #require(found.first)
        #expect(incident.condition == .nonFinite && incident.response == .stop && incident.subject == .step)
        #expect(incident.stepsOfRollout == (step - 1) % 16 + 1, "\(incident.place)")
        #expect(incident.place.hasPrefix("step \((step - 1) % 16 + 1) of 16 of the rollout, lane 7"))
        let replay = try UpdateReplay(incident)
        let origin = try #require(replay.origin)
        #expect(origin.stage == stage && origin.place == place && origin.isGiven, "\(tag) \(fault): \(origin)")
        #expect(run.isSound)
      }
    }
  }

  @Test(arguments: watched.filter(\.isMasked)) func aMaskThatAllowsNothingIsFoundAtOnce(_ tag: AlgorithmTag) throws {
    let run = WatchedRun(tag, fault: (.emptyMask, 5, 18))
    let incident = try #require(run.run(rollouts: 4).first)
    #expect(incident.condition == .emptyMask && incident.place == "step 2 of 16 of the rollout, lane 5")
    #expect(incident.record.integers["step/masks"]?[5] == 0)
    let legal = try #require(try UpdateReplay(incident).stages.first { $0.name == "legal actions" })
    #expect(legal.least == 0 && legal.most >= 1)
  }

  @Test(arguments: [AlgorithmTag.ppoMask, .a2cLSTMMask])
  func aFactorOfWhichAMaskAllowsNothingIsNamed(_ tag: AlgorithmTag) throws {
    let leaks = { Lanes(LeakBasket(count: 3, episodeLength: 40), laneCount: WatchedRun.lanes) }
    let incident = try #require(WatchedRun(tag, in: leaks(), fault: (.emptyFactor(2), 5, 18)).run(rollouts: 4).first)
    #expect(incident.condition == .emptyMask && incident.place == "step 2 of 16 of the rollout, lane 5")
    #expect(incident.finding.contains("a mask allows no choice of factor 2"), "\(incident.finding)")
    // Warned of, the run goes on with every choice of that factor.
    let run = WatchedRun(tag, in: leaks(), fault: (.emptyFactor(2), 5, 18)) { $0.health.emptyMask = .warn }
    #expect(run.run(rollouts: 4).count == 1 && run.isSound && !run.learner.health.isHalted)
  }

  /// What was recorded of an update of factored actions gives the same bits again.
  @Test(arguments: [AlgorithmTag.ppo, .ppoLSTMMask, .a2cMask])
  func anUpdateOfFactoredActionsReplays(_ tag: AlgorithmTag) throws {
    let run = WatchedRun(tag, in: Lanes(LeakBasket(count: 4, episodeLength: 40), laneCount: WatchedRun.lanes)) {
      ($0.health.gradientNorm, $0.health.gradientNormLimit) = (.stop, 1e-6)
    }
    let incident = try #require(run.run(rollouts: 2).first)
    #expect(incident.condition == .gradientNorm && incident.subject == .update, "\(incident.finding)")
    let replay = try UpdateReplay(incident)
    #expect(replay.hasSameBits && replay.origin == nil, "\(replay.numbers)")
    #expect(replay.stages.contains { $0.name == "log-probability of the action" })
  }

  /// Warned of, the run goes on; what was said once is not said again.
  @Test(arguments: [AlgorithmTag.ppoLSTMMask, .a2cMask, .dqnMask], [HealthResponse.warn, .off])
  func aRunGoesOnWhereItIsToldTo(_ tag: AlgorithmTag, response: HealthResponse) {
    for fault in [FaultyEnvironment.Fault.emptyMask, .reward(.nan), .observation(column: 1, value: .infinity)] {
      let run = WatchedRun(tag, fault: (fault, 5, 18)) {
        $0.health.nonFinite = response
        $0.health.emptyMask = response
        // Without memory of it: a number that is not finite stays in moving moments for ever.
        for path in [\RunConfiguration.ppo.shared, \.a2c.shared] {
          ($0[keyPath: path].normalizeObservations, $0[keyPath: path].normalizeRewards) = (false, false)
        }
        ($0.dqn.normalizeObservations, $0.dqn.normalizeRewards) = (false, false)
      }
      let found = run.run(rollouts: 6)
      #expect(!run.learner.health.isHalted)
      if response == .off { #expect(found.isEmpty) }
      if response == .warn {
        #expect(found.first.map { $0.subject == .step } == true, "\(found.map(\.finding))")
        #expect(Set(found.map(\.condition)).count == found.count)
        // Updates that are not finite were left out.
        #expect(run.isSound)
      }
    }
  }

  @Test func aFaultOfTheResetIsFoundAtOnce() throws {
    let run = WatchedRun(.ppo, fault: (.observation(column: 2, value: .nan), 1, 0))
    let incident = try #require(run.learner.health.drain().first)
    #expect(incident.place == "the environment's reset, lane 1, column 2" && run.learner.health.isHalted)
    #expect(try UpdateReplay(incident).origin?.place == "lane 1, column 2")
  }

  // MARK: What an update makes

  /// A reward that spoils itself between the environment and the advantages: the first row of its lane, up to its step.
  @Test(arguments: [AlgorithmTag.ppo, .ppoLSTMMask, .a2c, .a2cLSTMMask])
  func anAdvantageIsTracedToItsLane(_ tag: AlgorithmTag) throws {
    let run = WatchedRun(tag)
    run.collector.onGathered = { $0.rewards[9 * WatchedRun.lanes + 4] = .infinity }
    let incident = try #require(run.run(rollouts: 1).first)
    #expect(incident.condition == .nonFinite && incident.subject == .update)
    let origin = try #require(try UpdateReplay(incident).origin)
    #expect(origin.stage == "advantage" && origin.isGiven && origin.place.hasSuffix("lane 4)"), "\(origin)")
  }

  /// A parameter that is no number: by tensor, row and column.
  @Test(arguments: watched) func aParameterIsTracedToItsPlace(_ tag: AlgorithmTag) throws {
    let run = WatchedRun(tag)
    let layout = run.learner.parameters.layout
    let entry = try #require(layout.entries.last { $0.shape.count == 2 && $0.shape[0] > 1 })
    run.collector.onGathered = { [learner = run.learner] (_: Rollout) in
      learner.parameters.values.base[entry.offset + 2 * entry.shape[1] + 3] = .nan
      (learner as? OnPolicyLearner)?.refresh()
      (learner as? DQN)?.refresh()
    }
    let incident = try #require(run.run(rollouts: 3).first)
    #expect(incident.condition == .nonFinite && incident.subject == .update)
    let replay = try UpdateReplay(incident)
    let origin = try #require(replay.origin)
    #expect(origin.stage == "parameter \(entry.name)" && origin.place == "row 2, column 3" && origin.isGiven)
    #expect(replay.hasSameBits)
  }

  /// Finite weights whose sum is beyond float32: the first stage that is not finite came out of finite numbers.
  @Test(arguments: watched) func anOverflowIsTracedToTheStageThatMadeIt(_ tag: AlgorithmTag) throws {
    let run = WatchedRun(tag) { $0.dqn.normalizeObservations = false }
    let isDQN = tag.family == DQN.family
    run.collector.onGathered = { [learner = run.learner] (_: Rollout) in
      func fill(_ name: String, row: Int? = nil, _ value: Float) {
        guard let entry = learner.parameters.layout.entry(name) else { preconditionFailure(name) }
        let width = entry.shape[1]
        for index in 0..<entry.count where row == nil || index / width == row {
          learner.parameters.values.base[entry.offset + index] = value
        }
      }
      if isDQN {
        fill(learner.spec.policyLayerName(0) + ".weight", row: 2, 3e38)
      } else {
        // Six units at 1 or -1, whose sum the head then takes beyond all numbers.
        fill("mlp_extractor.policy_net.0.weight", 1e3)
        fill("action_net.weight", row: 1, 3e38)
      }
      (learner as? OnPolicyLearner)?.refresh()
      (learner as? DQN)?.refresh()
    }
    let incident = try #require(run.run(rollouts: 2).first)
    let origin = try #require(try UpdateReplay(incident).origin)
    let (stage, place) = isDQN ? ("q_net", "unit 2") : ("logits", "action 1")
    #expect(origin.stage.contains(stage) && origin.place.hasSuffix(place) && !origin.isGiven, "\(origin)")
  }

  @Test(arguments: watched) func aLearningRateThatExplodesStopsTheRun(_ tag: AlgorithmTag) throws {
    let run = WatchedRun(tag) {
      ($0.ppo.learningRate, $0.a2c.learningRate, $0.dqn.learningRate) = (10, 10, 10)
      ($0.health.gradientNorm, $0.health.gradientNormLimit) = (.stop, tag.family == DQN.family ? 5 : 50)
      ($0.health.entropy, $0.health.entropyFloor) = (.stop, 1e-3)
      // So that a norm says how large the values are.
      ($0.ppo.normalizeRewards, $0.a2c.normalizeRewards, $0.dqn.normalizeRewards) = (false, false, false)
    }
    let incident = try #require(run.run(rollouts: 200).first)
    #expect(incident.condition != .emptyMask && incident.subject == .update, "\(incident.finding)")
    let replay = try UpdateReplay(incident)
    #expect(replay.hasSameBits && replay.origin == nil, "\(replay.numbers)")
    #expect(replay.kernels.recorded == replay.kernels.here)
  }

  /// Each condition by itself, with the limits that every run has.
  @Test(arguments: [AlgorithmTag.ppoMask, .ppoLSTM, .a2cLSTMMask, .dqn])
  func eachConditionIsToldFromTheOthers(_ tag: AlgorithmTag) throws {
    func found(_ spoil: @escaping (any Algorithm, Rollout) -> Void) -> HealthCondition? {
      let run = WatchedRun(tag) {
        ($0.ppo.normalizeRewards, $0.a2c.normalizeRewards, $0.dqn.normalizeRewards) = (false, false, false)
        ($0.health.gradientNorm, $0.health.entropy) = (.stop, .stop)
      }
      run.collector.onGathered = { [learner = run.learner] in spoil(learner, $0) }
      return run.run(rollouts: 1).first?.condition
    }
    func move(_ learner: any Algorithm, _ name: String, by distance: Float) {
      guard let entry = learner.parameters.layout.entry(name) else { preconditionFailure(name) }
      for index in entry.range where index % 2 == 0 { learner.parameters.values.base[index] += distance }
      (learner as? OnPolicyLearner)?.refresh()
      (learner as? DQN)?.refresh()
    }
    #expect(found { _, _ in } == nil)
    // Where one action alone is legal, there is no entropy to lose.
    if tag.isMasked {
      #expect(
        found { _, rollout in
          for place in 0..<(rollout.horizon * rollout.laneCount) {
            rollout.masks[place] = ActionMask(rawValue: 1 << UInt64(rollout.actions[place]))
            rollout.logProbabilities[place] = 0
          }
        } == nil)
    }
    switch tag.family {
    case PPO.family:
      // Sure of every second action, while the rollout took any.
      #expect(found { learner, _ in move(learner, "action_net.bias", by: 40) } == .divergence)
      #expect(found { _, rollout in rollout.rewards[5] = 1e12 } == .gradientNorm)
    case A2C.family:
      #expect(
        found { learner, rollout in
          // Of two actions that are likely, one is illegal everywhere: nothing is left to chance.
          for place in 0..<(rollout.horizon * rollout.laneCount) {
            rollout.masks[place] = ActionMask(rawValue: 0b0111)
            rollout.actions[place] %= 3
          }
          guard let entry = learner.parameters.layout.entry("action_net.bias") else { return }
          learner.parameters.values.base[entry.offset] = 60
          (learner as? OnPolicyLearner)?.refresh()
        } == .entropy)
      #expect(found { _, rollout in rollout.rewards[5] = 1e12 } == .gradientNorm)
    default:
      #expect(found { learner, _ in move(learner, "q_net.q_net.0.weight", by: 1e8) } == .gradientNorm)
    }
  }

  // MARK: Bits

  /// Every way to cut a rollout, every critic's memory, both precisions: an update steps through again to the bit.
  @Test(arguments: watched + [.a2cMask, .a2cLSTM])
  func aReplayHasTheRunsBits(_ tag: AlgorithmTag) throws {
    var changes: [(inout RunConfiguration) -> Void] = [{ _ in }, { $0.run.kernels = .blas }]
    if tag.hasMemory {
      for critic in NetworkSpec.CriticMemory.allCases {
        changes.append { ($0.network.criticMemory, $0.ppo.minibatchScheme) = (critic, .rotation) }
        changes.append { ($0.network.criticMemory, $0.network.lstmHidden) = (critic, 16) }
      }
      changes.append { ($0.run.precision, $0.network.lstmHidden) = (.bf16, 16) }
    }
    changes.append {
      ($0.ppo.clipRangeValue, $0.ppo.batchSize, $0.ppo.entropyCoefficient) = (0.3, 100, 0.01)
      ($0.a2c.optimizer, $0.a2c.normalizeAdvantage) = (.tensorFlow, true)
      ($0.dqn.normalizeObservations, $0.dqn.normalizeRewards, $0.dqn.batchSize) = (false, false, 150)
    }
    for (index, change) in changes.enumerated() {
      let run = WatchedRun(tag) {
        change(&$0)
        ($0.health.gradientNorm, $0.health.gradientNormLimit) = (.warn, 0.5)
      }
      // Not the very first minibatch, so that moments and state are there.
      run.learner.health.settings.gradientNormLimit = 1e30
      #expect(run.run(rollouts: 2).isEmpty)
      run.learner.health.settings.gradientNormLimit = 1e-30
      let before = run.learner.standing()
      let incident = try #require(run.run(rollouts: 1).first, "\(tag), change \(index)")
      #expect(incident.record.floats["network/parameters"] == before.floats["network/parameters"])
      #expect(incident.record.integers["optimizer/step"] == before.integers["optimizer/step"])
      let replay = try UpdateReplay(incident)
      #expect(
        replay.hasSameBits, "\(tag), change \(index): \(replay.numbers) \(replay.gradients.map { "\($0)" } ?? "")")
      #expect(replay.origin == nil && replay.gradients?.count == run.learner.parameters.layout.count)
      // The plain stages see the same loss.
      if let stage = replay.stages.first(where: { $0.name == "value loss of the row" }) { #expect(stage.most > 0) }
    }
  }

  /// Looking changes nothing: the same bits with everything looked for and with nothing.
  @Test(arguments: [AlgorithmTag.ppoLSTMMask, .a2c, .dqnMask]) func aSoundRunDoesNotNotice(_ tag: AlgorithmTag) throws {
    try withScratchFolder { folder in
      var configuration = smallConfiguration("cue", tag)
      let looked = try train(configuration, in: folder, named: "looked")
      for path in [\HealthSettings.nonFinite, \.emptyMask, \.divergence, \.gradientNorm, \.entropy] {
        configuration.health[keyPath: path] = .off
      }
      let blind = try train(configuration, in: folder, named: "blind")
      #expect(looked == blind)
      #expect(try !FileSystem.names(inFolder: folder + "/looked").contains { $0.hasPrefix("incident") })
    }
  }
}
