// How a run's checkpoints come to the disk: into the folder that it locked, one after the other, while it goes on.

private import Environments
internal import Storage

/// A save is told when it is flushed and renamed, not before.
final class RunSaves {
  private let directory: RunDirectory
  private let store: CheckpointStore
  private let writer: CheckpointWriter
  private let log: RunLog
  /// Said once the save that it speaks of is in place.
  private var sentence: String?
  /// Called with such sentences.
  var onEvent: (String) -> Void = { _ in }

  init(_ directory: RunDirectory, log: RunLog, store: CheckpointStore) {
    self.directory = directory
    self.store = store
    self.log = log
    writer = CheckpointWriter(store)
  }

  static func store(_ configuration: RunConfiguration, _ directory: RunDirectory) throws(TrainingError)
    -> CheckpointStore
  {
    do {
      return try CheckpointStore(
        directory: directory.path, keepLast: configuration.run.keepCheckpoints, held: directory.held)
    } catch {
      throw .storage(error)
    }
  }

  /// Begins to save what a run is at `step`: as its best where a sentence says so, and where it `isKept` as a checkpoint of the step; returns when it is
  /// in place where it `waits`. The save before must have been heeded.
  func save(_ checkpoint: Checkpoint, step: Int, best sentence: String?, isKept: Bool, waits: Bool)
    throws(TrainingError)
  {
    if isKept { try log.flush() }
    try requireFolder(checkpoint, step: step)
    self.sentence = sentence
    do {
      try writer.save(checkpoint, asBest: sentence != nil, step: isKept ? step : nil)
    } catch {
      throw .storage(error)
    }
    try heed(waits: waits)
  }

  /// Throws what went wrong with the last save, and tells it where it is in place; `waits` until it is.
  func heed(waits: Bool) throws(TrainingError) {
    do {
      if waits { try writer.finish() } else { try writer.check() }
    } catch {
      // What failed is never told as saved, also not by whoever asks once more on the way out.
      sentence = nil
      throw .storage(error)
    }
    guard writer.isIdle, let sentence else { return }
    self.sentence = nil
    onEvent(sentence)
  }

  /// Ends the run where its folder was moved or removed, or given to another. A moved one, which is still locked, gets a last checkpoint.
  private func requireFolder(_ checkpoint: Checkpoint, step: Int) throws(TrainingError) {
    guard let displacement = try directory.displacement() else { return }
    var saved = false
    if case .moved = displacement {
      do {
        try log.flush()
        try store.add(checkpoint, step: step)
        saved = true
      } catch {
        // The folder is not where it was: that is what must be said.
      }
    }
    throw .displaced(path: directory.path, displacement, savedAtStep: saved ? step : nil)
  }
}
