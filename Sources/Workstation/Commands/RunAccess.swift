// How evaluate and export find a run's policy.

import Storage
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
  init(run: String, choice: String?) throws {
    directory = try RunDirectory.open(run: run, locks: false)
    let entries = try CheckpointStore.list(directory: directory.path)
    let hasBest = try FileSystem.names(inFolder: directory.path).contains("best.h5")
    let path: String
    switch choice {
    case "best",
      nil where hasBest:
      guard hasBest else {
        throw TrainingError.incomplete(
          path: directory.path, what: "best.h5", remedy: "use --checkpoint latest, or train up to the first look")
      }
      path = directory.file("best.h5")
    case "latest", nil:
      guard let entry = entries.last else {
        throw TrainingError.incomplete(
          path: directory.path, what: "checkpoint", remedy: "train it with `strikeforge train`")
      }
      path = entry.path
    case .some(let named):
      // Another run's checkpoint would be reported under this run's name.
      let (folder, name) = FileSystem.split(named)
      guard !named.contains("/") || folder == directory.path else {
        throw TrainingError.refused(
          "\(named) does not lie in the run's folder \(directory.path); name the run that it belongs to")
      }
      path = directory.file(name)
    }
    let checkpoint = try CheckpointStore.load(path)
    factory = try EnvironmentFactory(try RunState.configuration(of: checkpoint, path: path))
    trained = try TrainedPolicy(checkpoint, path: path, factory: factory)
  }
}
