// The shapes that are measured.

import AgentInterface
import Algorithms
import Environments
import Inference
import Market
import Training

/// Everything that the numbers depend on besides the machine.
struct Workload {
  let configuration: RunConfiguration
  let tape: MarketTape
  /// The environment alone: as many bars and steps of an episode as in peers/environment.c, so that the two can be compared.
  let environmentLanes: Int
  private let environmentBars: Int
  private static let environmentEpisode = 390
  let environmentSteps: Int
  let environmentPasses: Int
  let decisions: Int
  let sgemmSize: Int
  /// Of the checkpoint that is written: each a number, two moments and nothing else.
  let checkpointParameters: Int
  /// Of the save that goes on beside its run.
  let saveParameters: Int

  init(isQuick: Bool, environmentLanes lanes: Int? = nil) {
    // The defaults of `strikeforge train`: recurrent and masked PPO, LSTM 64, shared joint critic, linear heads.
    var configuration = RunConfiguration()
    configuration.world.lanes = isQuick ? 64 : 1024
    configuration.ppo.horizon = isQuick ? 32 : 128
    configuration.ppo.epochs = 4
    configuration.ppo.batchSize = configuration.stepsPerRollout / 4
    self.configuration = configuration
    tape = MarketTape(RandomWalkTape.series(bars: 3_000))
    environmentLanes = lanes ?? (isQuick ? 64 : 256)
    environmentBars = isQuick ? 3_000 : 100_000
    // More than an episode has, so that its end is in it.
    environmentSteps = isQuick ? 64 : 400
    environmentPasses = isQuick ? 1 : max(1, (1 << 24) / (environmentSteps * environmentLanes))
    decisions = isQuick ? 1_000 : 20_000
    sgemmSize = isQuick ? 256 : 1024
    checkpointParameters = isQuick ? 10_000 : 1_000_000
    saveParameters = isQuick ? 100_000 : 10_000_000
  }

  /// Small enough to count in a moment; how often memory is asked for does not depend on the number of lanes.
  var allocationConfiguration: RunConfiguration {
    var configuration = configuration
    configuration.world.lanes = 64
    configuration.ppo.horizon = 64
    configuration.ppo.batchSize = configuration.stepsPerRollout / 4
    return configuration
  }

  func environment(lanes: Int) throws(BenchmarkError) -> BasketEnvironment {
    do {
      return try BasketEnvironment(
        tape: tape, configuration: configuration[BasketConfiguration.self],
        window: configuration.world.lookbackWindow..<tape.barCount, laneCount: lanes,
        episodes: .randomStarts(length: configuration.world.episodeLength))
    } catch {
      throw .failed("\(error)")
    }
  }

  /// The environment that is measured alone.
  func environmentAlone() throws(BenchmarkError) -> BasketEnvironment {
    let tape = RandomWalkTape.long(bars: environmentBars)
    do {
      return try BasketEnvironment(
        tape: tape, configuration: configuration[BasketConfiguration.self],
        window: configuration.world.lookbackWindow..<tape.barCount, laneCount: environmentLanes,
        episodes: .randomStarts(length: Workload.environmentEpisode))
    } catch {
      throw .failed("\(error)")
    }
  }

  func spec(of environment: BasketEnvironment) -> NetworkSpec {
    configuration.networkSpec(inputs: environment.observationSpace.count, actions: environment.actionSpace.count)
  }
}

extension RunConfiguration {
  var ppo: PPO.Configuration {
    get { self[PPO.Configuration.self] }
    set { self[PPO.Configuration.self] = newValue }
  }
}
