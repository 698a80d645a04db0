// How evaluate and export find a run's policy.

import Release
import Text
import Training

/// A run's policy, taken from the checkpoint that the user named.
struct RunAccess {
  let directory: RunDirectory
  let factory: EnvironmentFactory
  let trained: TrainedPolicy

  static let checkpointFlag = Flag(
    "checkpoint", "WHICH",
    "best (default: the best on the selection window), latest, or the name of a checkpoint in the run's folder")

  /// `choice`: best, latest, or a path; nil takes the best, or the latest where none was chosen yet.
  init(run: String, choice: String?, families: Families) throws {
    directory = try RunDirectory.open(run: run, locks: false)
    let (checkpoint, path) = try TrainedPolicy.find(in: directory, choice: choice)
    factory = try EnvironmentFactory(try RunState.configuration(of: checkpoint, path: path, families: families))
    trained = try TrainedPolicy(checkpoint, path: path, factory: factory)
  }
}
