// An evaluation of thirteen years of daily bars, as `strikeforge evaluate` makes it: the parity replay, every walk, the verdict and all reports.

import Configuration
import Glibc
import Market
import Release
import Storage
import Text
import Training

final class EvaluationSubject {
  private let folder: TemporaryFolder
  private let trained: TrainedPolicy
  private let factory: EnvironmentFactory

  /// A policy of one rollout on the made-up market, whose last sessions are held out: LSTM 64, `strikeforge train`'s defaults.
  init(isQuick: Bool) throws(BenchmarkError) {
    folder = try TemporaryFolder()
    do {
      let heldOut = isQuick ? 60 : 3_272
      let bars = RandomWalkTape.series(bars: heldOut + 900)
      let report = QualityGate.examine(bars, allowances: [])
      let store = folder.path + "/market.h5"
      _ = try MarketStore.write(
        bars, provenance: [RandomWalkTape.provenance(bars)], qualityReport: report,
        created: UTCTime.text(secondsSinceEpoch: 0), to: store)
      let dates = bars[0].dates
      var layers = ConfigurationLayers(RunConfiguration())
      for assignment in [
        "environment.store=\(store)", "environment.lanes=32", "environment.episode_length=64", "algorithm.horizon=64",
        "algorithm.batch_size=512", "run.total_timesteps=2048", "run.checkpoint_interval=2048",
        "run.evaluation_interval=2048", "split.training_until=\(dates[699])", "split.selection_from=\(dates[700])",
        "split.selection_until=\(dates[899])", "split.held_out_from=\(dates[900])",
      ] {
        try layers.apply(assignment: assignment)
      }
      factory = try EnvironmentFactory(layers.configuration)
      let directory = try RunStart.makeFolder(
        layers, factory: factory, run: folder.path + "/run", command: CommandLine.arguments)
      guard try Trainer(starting: layers.configuration, factory: factory, in: directory).run() == .finished else {
        throw BenchmarkError.failed("the run that is evaluated did not finish")
      }
      let (checkpoint, path) = try TrainedPolicy.find(in: directory, choice: "latest")
      trained = try TrainedPolicy(checkpoint, path: path, factory: factory)
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(error)")
    }
  }

  /// Seconds of processor time.
  func measure() throws(BenchmarkError) -> Double {
    let start = ProcessorTime.seconds
    do {
      let bundle = try PolicyExporter.bundle(trained, factory: factory, includesCritic: false)
      _ = try RunEvaluator.evaluate(
        bundle, of: trained.origin, window: .heldOut, factory: factory, seed: 0, writesObservations: false)
    } catch {
      throw .failed("\(error)")
    }
    return ProcessorTime.seconds - start
  }
}
