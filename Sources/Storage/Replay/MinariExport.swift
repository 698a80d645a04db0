// A replay file as a dataset of the Python package Minari.

import AgentInterface
import Glibc
import Text

/// Writes the layout that `minari` 0.5 reads: `data/metadata.json`, and in `data/main_data.hdf5` a group an episode with observations (T + 1, D),
/// actions, rewards, terminations, truncations (T), and `infos/next_action_masks` (T, A) where masks are kept.
///
/// A lane's oldest piece may begin, and its newest end, in the middle of an episode: such pieces are episodes of their own, the latter truncated, both
/// with an attribute that says so. What an episode terminated in is not in a replay file; its last observation stands for it.
package struct MinariExport {
  package private(set) var episodes = 0
  package private(set) var steps = 0
  /// Episodes whose beginning the ring has overwritten.
  package private(set) var begunBefore = 0
  /// Episodes that were still going on.
  package private(set) var unfinished = 0

  /// A lane's episode so far.
  private struct Episode {
    var observations: [Float] = []
    var last: [Float] = []
    var actions: [Int64] = []
    var rewards: [Float] = []
    var masks: [UInt8] = []
    var end = TransitionEnd.none
    var isCutAtStart = false
  }

  /// Makes `folder`, which must not exist yet, whole or not at all. Its name becomes the dataset's.
  package init(_ reader: ReplayReader, toNew folder: String) throws(StorageError) {
    guard access(folder, F_OK) != 0 else { throw .system(path: folder, operation: .create, code: EEXIST) }
    let (parent, name) = FileSystem.split(folder)
    let unfinished = FileSystem.join(parent, ".\(name).\(getpid()).unfinished")
    let data = FileSystem.join(unfinished, "data")
    let main = FileSystem.join(data, "main_data.hdf5")
    let metadata = FileSystem.join(data, "metadata.json")
    try FileSystem.makeFolder(data)
    self.init()
    do throws(StorageError) {
      self = try HDF5.exclusive { (_) throws(StorageError) -> MinariExport in
        try HDF5File.create(FilePlace(main, in: nil)) { (root) throws(StorageError) in
          var export = MinariExport()
          try export.write(reader, to: root)
          return export
        }
      }
      try AtomicWrite.write(text: description(reader, name: name).prettyText + "\n", to: metadata)
      try FileSystem.rename(unfinished, to: folder)
    } catch {
      for file in [main, metadata] { unlink(file) }
      rmdir(data)
      rmdir(unfinished)
      throw error
    }
  }

  private init() {}

  // MARK: Episodes

  private mutating func write(_ reader: ReplayReader, to root: borrowing HDF5Group) throws(StorageError) {
    let (record, lanes) = (reader.shape.record, reader.shape.laneCount)
    var open = [Episode](repeating: Episode(), count: lanes)
    if reader.rows.lowerBound > 0 { for lane in 0..<lanes { open[lane].isCutAtStart = true } }
    var numbers = [Float](repeating: 0, count: record.columns)
    try reader.forEachRow { (row, bytes) throws(StorageError) in
      for lane in 0..<lanes {
        let transition = bytes + lane * record.bytes
        guard let action = record.action(transition) else { throw reader.damaged(row, lane, "an action") }
        guard let end = record.end(transition) else { throw reader.damaged(row, lane, "an end") }
        guard let mask = record.nextMask(transition) else { throw reader.damaged(row, lane, "legal actions") }
        record.copyObservation(transition, to: &numbers)
        open[lane].observations += numbers
        if end == .terminated {
          open[lane].last = numbers
        } else {
          record.copyNextObservation(transition, to: &numbers)
          open[lane].last = numbers
        }
        open[lane].actions.append(Int64(action))
        open[lane].rewards.append(record.reward(transition))
        if record.keepsMasks { open[lane].masks += (0..<record.actionCount).map { mask.allows($0) ? 1 : 0 } }
        guard end != .none else { continue }
        open[lane].end = end
        try write(open[lane], record, to: root)
        open[lane] = Episode()
      }
    }
    for episode in open where !episode.actions.isEmpty { try write(episode, record, to: root) }
  }

  private mutating func write(
    _ episode: Episode, _ record: ReplayRecord, to root: borrowing HDF5Group
  ) throws(StorageError) {
    let count = episode.actions.count
    let group = try root.makeGroup("episode_\(episodes)")
    let isUnfinished = episode.end == .none
    try group.writeAttribute("id", integer: episodes)
    try group.writeAttribute("total_steps", integer: count)
    try group.writeAttribute("begun_before", integer: episode.isCutAtStart ? 1 : 0)
    try group.writeAttribute("unfinished", integer: isUnfinished ? 1 : 0)
    try group.write(episode.observations + episode.last, as: "observations", columns: record.columns)
    try group.write(episode.actions, as: "actions")
    try group.write(episode.rewards, as: "rewards")
    func flags(_ isLast: Bool) -> [UInt8] { (0..<count).map { $0 == count - 1 && isLast ? 1 : 0 } }
    try group.writeFlags(flags(episode.end == .terminated), as: "terminations")
    try group.writeFlags(flags(episode.end == .truncated || isUnfinished), as: "truncations")
    if record.keepsMasks {
      try group.makeGroup("infos").write(episode.masks, as: "next_action_masks", columns: record.actionCount)
    }
    episodes += 1
    steps += count
    begunBefore += episode.isCutAtStart ? 1 : 0
    unfinished += isUnfinished ? 1 : 0
  }

  // MARK: Metadata

  private func description(_ reader: ReplayReader, name: String) -> JSON {
    let (record, own) = (reader.shape.record, reader.file.attributes)
    func bounds(_ bound: String) -> String {
      "[" + [String](repeating: bound, count: record.columns).joined(separator: ", ") + "]"
    }
    // As Python writes them: infinity has a word there.
    let observations =
      "{\"type\": \"Box\", \"dtype\": \"float32\", \"shape\": [\(record.columns)], \"low\": \(bounds("-Infinity")), "
      + "\"high\": \(bounds("Infinity"))}"
    let actions = "{\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, \"n\": \(record.actionCount)}"
    return .object([
      "dataset_id": .string(name), "minari_version": .string("0.5.0"), "data_format": .string("hdf5"),
      "jpeg_encoding": .bool(false), "total_episodes": .integer(Int64(episodes)),
      "total_steps": .integer(Int64(steps)), "observation_space": .string(observations),
      "action_space": .string(actions), "algorithm_name": .string(own["algorithm"] ?? ""),
      "description": .string(
        "Replay memory of the run \(own["run"] ?? "") on \(own["environment"] ?? ""). The terminal observation of a terminated "
          + "episode is not known; its last one stands for it."),
      "strikeforge": .object(
        own.mapValues { (try? JSON.parse($0)).flatMap { $0.objectValue != nil ? $0 : nil } ?? .string($0) }
          .merging(["replay_digest": .string(reader.digest)]) { $1 }),
    ])
  }
}
