// How evaluate and export find a run's policy.

import Configuration
import Environments
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

  /// `choice`: best, latest, or a path; nil takes the best, or the latest where none was chosen yet. changes: `KEY=VALUE`, settings of the game by which it is
  /// played other than it was trained.
  init(run: String, choice: String?, families: Families, changes: [String] = []) throws {
    directory = try RunDirectory.open(run: run, locks: false)
    let (checkpoint, path) = try TrainedPolicy.find(in: directory, choice: choice)
    let configuration = try RunState.configuration(of: checkpoint, path: path, families: families)
    factory = try EnvironmentFactory(try RunAccess.changed(configuration, changes))
    trained = try TrainedPolicy(checkpoint, path: path, factory: factory)
  }

  /// The configuration with other settings of its game. Refuses all others: they are of the training, or of the data.
  static func changed(_ configuration: RunConfiguration, _ changes: [String]) throws -> RunConfiguration {
    var changed = configuration
    let own = configuration.environment.settings.map(\.key)
    for assignment in changes {
      let key = String(assignment.prefix { $0 != "=" })
      // Unknown keys are told what is near them by the configuration itself.
      if configuration.setting(key) != nil, !own.contains(key) {
        throw TrainingError.refused(
          "--set \(key): a policy can be played by other rules of \(configuration.environment.name), but '\(key)' is none of them; leave it "
            + "out, or train with it")
      }
      do {
        try changed.apply(assignment: assignment)
      } catch ConfigurationError.foreign(_, _, _, _, _, let owners) {
        // Who writes one value means no list, and the other way round.
        let alike = own.filter { one in
          (configuration.setting(one)?.read(configuration).arrayValue != nil) == assignment.contains("[")
        }
        let nearest = NearestName.of(key, among: alike).map { "; did you mean \($0)?" } ?? "; leave it out"
        throw TrainingError.configuration(
          .conflict(
            "--set \(key): what is played is \(configuration.environment.name), and this is a setting of \(owners.joined(separator: " and "))\(nearest)"
          ))
      } catch {
        throw TrainingError.configuration(error)
      }
    }
    return changed
  }
}
