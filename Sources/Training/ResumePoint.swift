// Where a run goes on: the checkpoint that was asked for, read and verified, and what it leaves behind.

private import AgentInterface
package import Storage

/// The checkpoint from which a run continues. Finding it changes no file.
package struct ResumePoint {
  package let path: String
  package let checkpoint: Checkpoint
  /// The environment step that it was made at, by its own word.
  package let step: Int
  /// The checkpoints of later steps: the run will walk there again, so they are set aside when it begins.
  package let later: [CheckpointStore.Entry]

  /// What the user may write behind `--from`, for help texts.
  package static let choices = "latest, previous, best, a step, or the name of a checkpoint in the run's folder"

  /// `choice`: one of `choices`; nil is the newest. Nothing else is ever taken instead: a checkpoint that cannot be read is an error that says
  /// how to continue from the newest whole one before it.
  package static func find(in directory: RunDirectory, from choice: String?) throws(TrainingError) -> ResumePoint {
    let entries = try storage { () throws(StorageError) in
      try CheckpointStore.list(directory: directory.path, held: directory.held)
    }
    let path = try path(of: choice, among: entries, in: directory)
    let checkpoint: Checkpoint
    do {
      checkpoint = try CheckpointStore.load(path, in: directory.held)
    } catch {
      throw unreadable(path, error, entries, directory)
    }
    let step = try step(of: checkpoint, path: path)
    if let entry = entries.first(where: { $0.path == path }), entry.step != step {
      throw .incomplete(
        path: path, what: "state of step \(entry.step), but of step \(step)",
        remedy: "give it the name checkpoint-\(step).h5 again")
    }
    return ResumePoint(path: path, checkpoint: checkpoint, step: step, later: entries.filter { $0.step > step })
  }

  // MARK: Choosing

  private static func path(
    of choice: String?, among entries: [CheckpointStore.Entry], in directory: RunDirectory
  ) throws(TrainingError) -> String {
    switch choice {
    case nil, "latest":
      guard let newest = entries.last else {
        throw .incomplete(
          path: directory.path, what: "checkpoint", remedy: try remedyWithoutAny(in: directory))
      }
      return newest.path
    case "previous":
      guard let previous = entries.dropLast().last else {
        throw .incomplete(
          path: directory.path, what: "checkpoint before its newest",
          remedy: entries.isEmpty ? try remedyWithoutAny(in: directory) : "leave --from out to take the newest")
      }
      return previous.path
    case "best": return try existing("best.h5", entries, directory)
    case .some(let named):
      if let step = Int(named) { return try existing("checkpoint-\(step).h5", entries, directory) }
      // Another run's checkpoint would be continued under this run's name.
      let (folder, name) = FileSystem.split(named)
      guard !named.contains("/") || folder == directory.path else {
        throw .refused(
          "\(named) does not lie in the run's folder \(directory.path); name the run that it belongs to")
      }
      return try existing(name, entries, directory)
    }
  }

  /// What to do with a run that has no checkpoint of a step.
  private static func remedyWithoutAny(in directory: RunDirectory) throws(TrainingError) -> String {
    if RunBeginning.isAll(of: directory.path, held: directory.held) {
      return "it ended before its first; begin it again with the command that began it"
    }
    let names = try storage { () throws(StorageError) in
      try FileSystem.names(inFolder: directory.path, held: directory.held)
    }
    return names.contains("best.h5")
      ? "its checkpoints were removed; go on from its best one with --from best, or start it under another name"
      : "its checkpoints were removed; start it under another name"
  }

  private static func existing(
    _ name: String, _ entries: [CheckpointStore.Entry], _ directory: RunDirectory
  ) throws(TrainingError) -> String {
    let names = try storage { () throws(StorageError) in
      try FileSystem.names(inFolder: directory.path, held: directory.held)
    }
    guard names.contains(name) else {
      let found = entries.map { FileSystem.split($0.path).name } + (names.contains("best.h5") ? ["best.h5"] : [])
      throw .incomplete(
        path: directory.path, what: name,
        remedy: found.isEmpty ? "there is no checkpoint at all" : "there are: \(found.joined(separator: ", "))")
    }
    return directory.file(name)
  }

  // MARK: Reading

  /// Names the newest whole checkpoint before the damaged one, where there is one.
  private static func unreadable(
    _ path: String, _ error: StorageError, _ entries: [CheckpointStore.Entry], _ directory: RunDirectory
  ) -> TrainingError {
    // What another version wrote is not damaged, and its neighbours are of that version too.
    if case .unsupportedVersion = error { return .storage(error) }
    let older = entries.prefix { $0.path != path }
    for entry in older.reversed() where (try? CheckpointStore.load(entry.path, in: directory.held)) != nil {
      let name = FileSystem.split(entry.path).name
      return .unusableCheckpoint(
        error, command: "strikeforge train --resume \(directory.argument) --from \(name)")
    }
    return .storage(error)
  }

  private static func step(of checkpoint: Checkpoint, path: String) throws(TrainingError) -> Int {
    do throws(RestoreError) {
      let steps = try (checkpoint.groups["progress"] ?? StateRecord()).integers("environment_steps", count: 1)[0]
      guard let step = Int(exactly: steps), step >= 0 else {
        throw .invalid(name: "progress/environment_steps", reason: "\(steps) is no number of steps")
      }
      return step
    } catch {
      throw .restore(path: path, error)
    }
  }

  private static func storage<Result>(_ body: () throws(StorageError) -> Result) throws(TrainingError) -> Result {
    do {
      return try body()
    } catch {
      throw .storage(error)
    }
  }
}
