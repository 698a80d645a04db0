// What is said of a run before it starts: where nothing would be learned, and where it is hardly what was meant.

import Algorithms
import Environments
import Networks
import RunSupport
import TestSupport
import Testing

@testable import Training

@Suite struct PlanCheckTests {
  /// A game of 1000 steps an episode unless told otherwise.
  private func check(
    _ tag: AlgorithmTag, steps: Int, lanes: Int, episode: Int = 1, window: Int? = nil,
    _ edit: (inout RunConfiguration) -> Void = { _ in }
  ) -> PlanCheck {
    var configuration = RunConfiguration()
    configuration.algorithm = tag
    configuration.run.totalTimesteps = steps
    configuration.world.lanes = lanes
    edit(&configuration)
    return PlanCheck(configuration, episodeLength: episode, windowBars: window)
  }

  private func dqn(
    steps: Int, starts: Int, schedule: LearningRateSchedule = .constant,
    _ edit: (inout DQN.Configuration) -> Void = { _ in }
  ) -> PlanCheck {
    check(.dqn, steps: steps, lanes: 4) {
      $0.dqn.learningStarts = starts
      $0.dqn.learningRateSchedule = schedule
      $0.dqn.targetUpdateInterval = 16
      edit(&$0.dqn)
    }
  }

  // MARK: Learning that starts after the end

  /// DQN's updates learn once more than `learning_starts` steps are made; a rollout is 16 steps here.
  @Test func learningThatStartsAfterTheEndIsRefused() throws {
    let problem = try #require(dqn(steps: 5000, starts: 100_000).problem)
    #expect(
      problem
        == "algorithm.learning_starts is 100000, but the run ends at step 5008, so that nothing would be learned; set it to "
        + "at most 5007, or run.total_timesteps to at least 100001")
    // What it names works, and no less does.
    #expect(dqn(steps: 5000, starts: 5007).problem == nil)
    #expect(dqn(steps: 5000, starts: 5008).problem != nil)
    #expect(dqn(steps: 100_001, starts: 100_000).problem == nil)
    #expect(dqn(steps: 100_000, starts: 100_000).problem != nil)
  }

  /// A linear rate is 0 at the last update: where only that one could learn, nothing is learned.
  @Test func learningThatStartsWithALastUpdateOfNothingIsRefused() throws {
    #expect(dqn(steps: 5000, starts: 5000).problem == nil)
    let problem = try #require(dqn(steps: 5000, starts: 5000, schedule: .linear).problem)
    #expect(problem.contains("makes its last update at a rate above 0 at step 4992"), "\(problem)")
    #expect(problem.contains("at most 4991") && problem.contains("at least 5017"), "\(problem)")
    #expect(dqn(steps: 5000, starts: 4991, schedule: .linear).problem == nil)
    #expect(dqn(steps: 5017, starts: 5000, schedule: .linear).problem == nil)
    #expect(dqn(steps: 5008, starts: 5000, schedule: .linear).problem != nil)
  }

  // MARK: A schedule that is zero for every update

  @Test(arguments: [AlgorithmTag.ppo, .ppoLSTMMask, .a2c])
  func aLinearRateOverOneRolloutIsRefused(tag: AlgorithmTag) throws {
    func linear(_ steps: Int) -> PlanCheck {
      check(tag, steps: steps, lanes: 16) {
        ($0.ppo.horizon, $0.a2c.horizon) = (128, 128)
        ($0.ppo.learningRateSchedule, $0.a2c.learningRateSchedule) = (.linear, .linear)
      }
    }
    let problem = try #require(linear(2048).problem)
    #expect(problem.contains("learning_rate_schedule is linear") && problem.contains("at least 2049"), "\(problem)")
    #expect(linear(2049).problem == nil)
    // The last update of a longer run is a word, no warning.
    #expect(linear(2049).warnings.isEmpty)
    #expect(
      linear(2049).lines.contains { $0.hasPrefix("learning rate: falls") && $0.contains("the last of 2 updates") })
    #expect(check(tag, steps: 2048, lanes: 16) { $0.ppo.horizon = 128 }.problem == nil)
  }

  @Test func aClipOfNothingIsAWarning() {
    func clipped(_ steps: Int) -> PlanCheck {
      check(.ppo, steps: steps, lanes: 16) { ($0.ppo.horizon, $0.ppo.clipRangeSchedule) = (128, .linear) }
    }
    #expect(clipped(2048).problem == nil && clipped(2048).warnings.contains { $0.contains("clip_range_schedule") })
    #expect(clipped(4096).warnings.isEmpty && clipped(4096).lines.contains { $0.hasPrefix("clip range: falls") })
  }

  // MARK: Targets and exploration

  @Test func aTargetThatNeverMovesIsAWarning() throws {
    func target(_ interval: Int, starts: Int = 100) -> [String] {
      dqn(steps: 4096, starts: starts) { $0.targetUpdateInterval = interval }.warnings
    }
    let warning = try #require(target(10_000).first { $0.contains("target_update_interval") })
    #expect(warning.contains("is 10000 steps") && warning.contains("the first update at step 112"), "\(warning)")
    // The largest that is named works; one move before anything was learned is none.
    #expect(warning.contains("at most 3984") && target(3984).isEmpty && target(4096).isEmpty)
    #expect(!target(4100).isEmpty)
    #expect(target(1000, starts: 3500).isEmpty && !target(1000, starts: 4050).isEmpty)
  }

  @Test func anExplorationThatNeverFallsIsAWarning() {
    func explores(_ initial: Double, _ final: Double, starts: Int = 100) -> [String] {
      dqn(steps: 4096, starts: starts) { ($0.explorationInitial, $0.explorationFinal) = (initial, final) }.warnings
    }
    #expect(explores(1, 0.05).isEmpty && explores(0, 0).isEmpty)
    #expect(explores(1, 1).contains { $0.contains("never falls") })
    #expect(explores(0.1, 0.2).contains { $0.contains("never falls") })
    // The last decision is made after 4092 steps.
    #expect(explores(1, 0.05, starts: 4093).contains { $0.contains("every decision of the run is random") })
    #expect(!explores(1, 0.05, starts: 4092).contains { $0.contains("every decision") })
  }

  // MARK: Rounding, episodes, minibatches

  @Test func aTotalThatRoundingMultipliesIsAWarning() throws {
    func rounded(_ steps: Int) -> [String] {
      check(.ppo, steps: steps, lanes: 2) { $0.ppo.horizon = 100_000 }.warnings.filter { $0.contains("times as many") }
    }
    let warning = try #require(rounded(1000).first)
    #expect(
      warning
        == "run.total_timesteps is 1000, but one rollout (algorithm.horizon 100000 x environment.lanes 2) has 200000 steps: "
        + "200 times as many are made; lower algorithm.horizon or environment.lanes")
    #expect(!rounded(100_000).isEmpty && rounded(100_001).isEmpty && rounded(200_001).isEmpty)
    let replayed = dqn(steps: 4, starts: 1) { $0.trainFrequency = 8 }.warnings
    #expect(replayed.contains { $0.contains("algorithm.train_frequency 8 x environment.lanes 4") })
  }

  @Test func anEpisodeThatIsTooLongIsAWarning() {
    func episode(_ length: Int, window: Int?) -> [String] {
      check(.a2c, steps: 1600, lanes: 16, episode: length, window: window).warnings
    }
    #expect(episode(100, window: nil).isEmpty && episode(100, window: 500).isEmpty)
    #expect(episode(101, window: nil).contains { $0.contains("a lane makes only 100") && $0.contains("at least 1616") })
    #expect(episode(100, window: 101).contains { $0.contains("every episode is the same") })
  }

  @Test func minibatchesOfUnequalSizeAreAWarning() throws {
    func plain(_ batch: Int) -> PlanCheck {
      check(.ppo, steps: 2048, lanes: 16) { ($0.ppo.horizon, $0.ppo.batchSize) = (128, batch) }
    }
    #expect(plain(512).findings.isEmpty && plain(2048).findings.isEmpty)
    let warning = try #require(plain(600).warnings.first)
    #expect(warning.contains("has only 248") && warning.contains("512 would divide them evenly"), "\(warning)")
    #expect(plain(4096).warnings.isEmpty && plain(4096).lines.contains { $0.contains("a whole rollout") })
    // Whole lanes, and blocks of at most 32 of them.
    func lanes(_ count: Int, _ batch: Int, horizon: Int = 64) -> PlanCheck {
      check(.ppoLSTM, steps: count * horizon, lanes: count) { ($0.ppo.horizon, $0.ppo.batchSize) = (horizon, batch) }
    }
    #expect(lanes(64, 64 * 16).findings.isEmpty && lanes(65, 64 * 65).findings.isEmpty)
    let uneven = try #require(lanes(64, 64 * 24).warnings.first)
    #expect(uneven.contains("takes 24 of environment.lanes 64") && uneven.contains("2048 would"), "\(uneven)")
    #expect(lanes(64, 2048).findings.isEmpty)
    #expect(lanes(16, 16).warnings.contains { $0.contains("makes that 64 steps") })
  }

  /// Every configuration that the product comes with learns, and says nothing that it should not.
  @Test func theDefaultsAreSilent() {
    for family in Families.product.algorithms {
      for tag in family.tags {
        var configuration = RunConfiguration()
        configuration.algorithm = tag
        let check = PlanCheck(configuration, episodeLength: 252, windowBars: 5000)
        #expect(check.problem == nil && check.warnings.isEmpty, "\(tag): \(check.lines)")
      }
    }
  }
}
