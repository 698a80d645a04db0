// Checkpoints of one run on disk: the last few and the best.

/// A folder of checkpoints: `checkpoint-<step>.h5` and `best.h5`. Other files in the folder are left alone and never taken for one.
package struct CheckpointStore: Sendable {
  /// A checkpoint file and the environment step it was made at.
  package struct Entry: Sendable, Hashable {
    package let step: Int
    package let path: String
  }

  package let directory: String
  /// How many `checkpoint-<step>.h5` stay.
  package let keepLast: Int
  /// The folder itself, where somebody holds it.
  private let held: HeldFolder?

  /// Makes the folder if it is not there, and removes what writers that died left in it. `held`: the folder, where somebody holds it; then
  /// whatever its path means later, nothing outside of it is touched. Traps unless `keepLast` is at least 1.
  package init(directory: String, keepLast: Int, held: HeldFolder? = nil) throws(StorageError) {
    precondition(keepLast >= 1, "keeping the last \(keepLast) checkpoints")
    if held == nil { try FileSystem.makeFolder(directory) }
    AtomicWrite.removeLeftovers(inFolder: directory, held: held)
    self.directory = directory
    self.keepLast = keepLast
    self.held = held
  }

  package var bestPath: String { FileSystem.join(directory, "best.h5") }

  package func path(step: Int) -> String { FileSystem.join(directory, "checkpoint-\(step).h5") }

  /// Writes a checkpoint as the best, over the one before, as that of a step, or as both, in this order and from bytes that are made once. Only when that of
  /// a step is safely in place are older ones beyond the last `keepLast` removed; those of later steps (of a run that was resumed from an earlier one) are
  /// neither counted nor removed.
  package func save(_ checkpoint: Checkpoint, asBest: Bool = false, step: Int? = nil) throws(StorageError) {
    if let step { precondition(step >= 0, "a checkpoint of step \(step)") }
    try checkpoint.write(to: (asBest ? [bestPath] : []) + (step.map { [path(step: $0)] } ?? []), in: held)
    if let step { try removeOld(upTo: step) }
  }

  /// Removes what lies beyond the last `keepLast` checkpoints up to a step, as whoever died right after a save left it.
  package func removeOld(upTo step: Int) throws(StorageError) {
    for old in try list().filter({ $0.step <= step }).dropLast(keepLast) { try FileSystem.remove(old.path, in: held) }
  }

  /// Writes a checkpoint and removes none.
  package func add(_ checkpoint: Checkpoint, step: Int) throws(StorageError) {
    precondition(step >= 0, "a checkpoint of step \(step)")
    try checkpoint.write(to: path(step: step), in: held)
  }

  /// The ending of checkpoints that a run left behind when it went back to an earlier one. Nothing takes such a file for a checkpoint.
  package static let setAsideSuffix = ".set-aside"

  /// Takes checkpoints out of the row by another ending, over what was set aside under that name before. The earliest goes first: killed on
  /// the way, the newest is still the one that it was.
  package func setAside(_ entries: [Entry]) throws(StorageError) {
    for entry in entries.sorted(by: { $0.step < $1.step }) {
      try FileSystem.rename(entry.path, to: entry.path + CheckpointStore.setAsideSuffix, in: held)
    }
  }

  /// The checkpoints in order of their steps, `best.h5` not among them. Nothing is opened.
  package func list() throws(StorageError) -> [Entry] {
    try CheckpointStore.list(directory: directory, held: held)
  }

  /// The same for a folder that is only looked at.
  package static func list(directory: String, held: HeldFolder? = nil) throws(StorageError) -> [Entry] {
    try FileSystem.names(inFolder: directory, held: held)
      .compactMap { name in
        step(ofFileNamed: name).map { Entry(step: $0, path: FileSystem.join(directory, name)) }
      }
      .sorted { $0.step < $1.step }
  }

  /// The checkpoint of the highest step, or nil if there is none.
  package func latest() throws(StorageError) -> Entry? { try list().last }

  /// Reads a checkpoint and checks every byte of it.
  package static func load(_ path: String, in folder: HeldFolder? = nil) throws(StorageError) -> Checkpoint {
    try Checkpoint(decoding: SealedFile.read(path, .checkpoint, in: folder), path: path)
  }

  package func load(_ path: String) throws(StorageError) -> Checkpoint { try CheckpointStore.load(path, in: held) }

  /// The step of `checkpoint-<step>.h5` as this program spells it, nil for any other name.
  static func step(ofFileNamed name: String) -> Int? {
    guard name.hasPrefix("checkpoint-"), name.hasSuffix(".h5"),
      let step = Int(name.dropFirst("checkpoint-".count).dropLast(".h5".count)), name == "checkpoint-\(step).h5",
      step >= 0
    else { return nil }
    return step
  }
}
