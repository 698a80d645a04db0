// Stores and small runs for the tests of training and of what is made of it.

package import Algorithms
private import Environments
package import Market
private import Storage
private import TestSupport
private import Testing
package import Training

/// The training error that `body` throws, or nil.
package func trainingError<Result>(_ body: () throws -> Result) -> TrainingError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? TrainingError
  }
}

package func text(ofFile path: String) throws -> String { String(decoding: try FileSystem.read(path), as: UTF8.self) }

/// A configuration that trains in a fraction of a second: six rollouts of 16 steps in 8 lanes.
package func smallConfiguration(
  _ world: String, _ tag: AlgorithmTag = .ppoLSTMMask, store: String = ""
) -> RunConfiguration {
  var configuration = RunConfiguration()
  configuration.algorithm = tag
  configuration.environmentName = world
  configuration.world.store = store
  configuration.world.lanes = 8
  configuration.world.episodeLength = 20
  configuration.shorten(to: 20)
  configuration.cue.episodeLength = 6
  configuration.run.workers = 1
  configuration.run.totalTimesteps = 6 * 128
  configuration.run.checkpointInterval = 256
  configuration.run.evaluationInterval = 256
  configuration.ppo.horizon = 16
  configuration.ppo.batchSize = 64
  configuration.ppo.epochs = 2
  configuration.a2c.horizon = 16
  configuration.a2c.logInterval = 1
  configuration.dqn.trainFrequency = 16
  configuration.dqn.gradientSteps = 3
  configuration.dqn.logInterval = 1
  configuration.dqn.bufferSize = 500
  configuration.dqn.batchSize = 16
  configuration.dqn.targetUpdateInterval = 100
  configuration.dqn.explorationFraction = 0.7
  // The masked one has every switch on.
  (configuration.dqn.double, configuration.dqn.dueling) = (tag == .dqnMask, tag == .dqnMask)
  (configuration.dqn.prioritized, configuration.dqn.nSteps) = (tag == .dqnMask, tag == .dqnMask ? 3 : 1)
  configuration.network.actionValues.hiddenLayers = [8]
  configuration.network.lstmHidden = 8
  configuration.split.trainingFrom = CalendarDate("2001-01-01")!
  configuration.split.trainingUntil = CalendarDate("2001-12-31")!
  configuration.split.selectionFrom = CalendarDate("2002-01-01")!
  configuration.split.selectionUntil = CalendarDate("2002-03-31")!
  configuration.split.heldOutFrom = CalendarDate("2002-04-01")!
  configuration.split.heldOutUntil = CalendarDate("2002-12-31")!
  return configuration
}

/// Two made-up symbols, 400 bars from 2001 to the summer of 2002.
package func madeUpBars() -> [BarSeries] { SyntheticTape.series(bars: 400, seed: 5) }

/// Writes bars with the gate's own report, and returns the store's path.
package func writeStore(_ series: [BarSeries], in folder: String, named name: String = "store.h5") throws -> String {
  let path = FileSystem.join(folder, name)
  let report = QualityGate.examine(series, allowances: [])
  try #require(report.passed)
  try MarketStore.write(
    series, provenance: [], qualityReport: report, created: "2026-01-01T00:00:00Z", to: path)
  return path
}
