// What trains on where a run's steps have an end.

private import Glibc

/// A run keeps its configuration, the number of its steps among it; what it learned can begin another one.
package enum TrainingOn {
  /// The command, as a shell reads it, that makes a new run of `steps` steps with what the run learned, and what begins anew in it.
  package static func remedy(_ directory: RunDirectory, steps: Int, replays: Bool) -> String {
    let words = [
      "--config", CommandText.quoted(directory.file("config.yaml")), "--run", CommandText.quoted(freeName(directory)),
      "--timesteps", "\(steps)", "--init-from", directory.argument, "--mode", "continue",
    ]
    return
      "`strikeforge train \(words.joined(separator: " "))` makes a new run of so many steps with what this one learned "
      + "(schedules, seeds, episodes\(replays ? ", the replay memory" : "") and counts of steps begin anew)"
  }

  /// A name beside the run's that no run has.
  private static func freeName(_ directory: RunDirectory) -> String {
    let isNamed = RunDirectory.path(ofRun: directory.name) == directory.path
    let base = (isNamed ? directory.name : directory.path) + "-more"
    var name = base
    var number = 2
    while access(RunDirectory.path(ofRun: name), F_OK) == 0 {
      name = "\(base)-\(number)"
      number += 1
    }
    return name
  }
}
