// Baskets of more and more symbols, from bars to an update: what one more costs.

import Algorithms
import Environments
import Market
import Training

/// The training of `strikeforge train`'s default policy on baskets of 2, 8 and 32 symbols, all else alike: two symbols choose among nine actions, more of them
/// independently. Time and memory may grow no faster than the number of symbols: as much again for each, at most.
final class BasketsSubject {
  /// What one number of symbols takes.
  struct Sample {
    let symbols: Int
    /// A step of the environment from end to end: a rollout and its update.
    let stepSeconds: Double
    /// From bars to lanes.
    let startSeconds: Double
    /// The most that it holds, tape, features, lanes and rollout included; nil where the kernel does not tell.
    let mebibytes: Double?
  }

  static let symbols = [2, 8, 32]
  private let configuration: RunConfiguration
  private let bars: Int
  private let baskets: [(series: [BarSeries], training: TrainingSubject)]

  init(_ workload: Workload, isQuick: Bool, workers: Int) throws(BenchmarkError) {
    var configuration = workload.configuration
    configuration.world.lanes = isQuick ? 16 : 256
    configuration.ppo.horizon = isQuick ? 16 : 64
    configuration.ppo.batchSize = configuration.stepsPerRollout / 4
    bars = isQuick ? 600 : 3_000
    self.configuration = configuration
    var baskets: [(series: [BarSeries], training: TrainingSubject)] = []
    for count in BasketsSubject.symbols {
      let series = RandomWalkTape.series(bars: bars, symbols: (1...count).map { "S\($0)" })
      let training = try TrainingSubject(configuration, workers: workers) { lanes throws(BenchmarkError) in
        try BasketsSubject.environment(series, configuration, lanes: lanes)
      }
      baskets.append((series, training))
    }
    self.baskets = baskets
  }

  func measure() throws(BenchmarkError) -> [Sample] {
    var samples: [Sample] = []
    for basket in baskets {
      let start = MonotonicClock.seconds
      _ = try BasketsSubject.environment(basket.series, configuration, lanes: configuration.world.lanes)
      let started = MonotonicClock.seconds - start
      let training = try basket.training.measure()
      samples.append(
        Sample(
          symbols: basket.series.count,
          stepSeconds: (training.rolloutSeconds + training.updateSeconds) / Double(basket.training.stepsPerRollout),
          startSeconds: started, mebibytes: basket.training.peakMebibytes))
    }
    return samples
  }

  private static func environment(
    _ series: [BarSeries], _ configuration: RunConfiguration, lanes: Int
  ) throws(BenchmarkError) -> BasketEnvironment {
    let tape = MarketTape(series)
    do {
      return try BasketEnvironment(
        tape: tape, configuration: configuration[BasketConfiguration.self],
        window: configuration.world.lookbackWindow..<tape.barCount, laneCount: lanes,
        episodes: .randomStarts(length: configuration.world.episodeLength))
    } catch {
      throw .failed("\(error)")
    }
  }
}
