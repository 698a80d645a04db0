// TensorBoard event files: scalars by metric name at the environment step.

private import Glibc
package import Storage

/// Writes `events.out.tfevents.<n>.strikeforge`, one file for each time that the run was started or resumed.
///
/// On resume the run's earlier files are cut back to the rows up to the checkpoint, so that no step stands twice, and the new file begins
/// with a restart: a TensorBoard that was already looking forgets what it saw beyond. Every row is with the system as soon as it is
/// written. Values are single precision, as TensorBoard stores them.
package final class TensorBoardSink: MetricSink {
  /// What TensorBoard shows as an axis, or what only counts; the names that stable-baselines3 leaves out too.
  package static let leftOut: Set<String> = [
    "time/iterations", "time/time_elapsed", "time/total_timesteps", "train/n_updates",
  ]

  private let file: LogFile

  /// Starts the next file in `folder`; `resumeStep` as in `CSVSink`.
  package init(folder: String, held: HeldFolder? = nil, resumeStep: Int?) throws(TrainingError) {
    var last = 0
    do {
      for name in try FileSystem.names(inFolder: folder, held: held) {
        guard let number = TensorBoardSink.number(ofFile: name) else { continue }
        last = max(last, number)
        try TensorBoardSink.cutBack(FileSystem.join(folder, name), in: held, to: resumeStep ?? -1)
      }
    } catch let error as TrainingError {
      throw error
    } catch let error as StorageError {
      throw .storage(error)
    } catch {
      throw .file(path: folder, action: "list", reason: "\(error)")
    }
    file = try LogFile(
      path: FileSystem.join(folder, TensorBoardSink.name(last + 1)), in: held, continues: false)
    var version = EventRecord(wallSeconds: TensorBoardSink.now)
    version.fileVersion = EventRecord.version
    try file.append(version.framed)
    if let resumeStep {
      var restart = EventRecord(wallSeconds: TensorBoardSink.now, step: resumeStep + 1)
      restart.isRestart = true
      try file.append(restart.framed)
    }
  }

  package func write(_ row: MetricRow) throws(TrainingError) {
    var event = EventRecord(wallSeconds: TensorBoardSink.now, step: row.step)
    for name in row.names where !TensorBoardSink.leftOut.contains(name) {
      if let value = row[name] { event.scalars.append(.init(name: name, value: Float(value))) }
    }
    try file.append(event.framed)
  }

  package func flush() throws(TrainingError) { try file.flush() }

  /// Whether a file of a run's folder is one of these.
  package static func isEventFile(_ name: String) -> Bool { number(ofFile: name) != nil }

  private static let prefix = "events.out.tfevents."
  private static let suffix = ".strikeforge"

  /// TensorBoard reads a folder's files in the order of their names.
  static func name(_ number: Int) -> String {
    let digits = String(number)
    return prefix + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + suffix
  }

  private static func number(ofFile name: String) -> Int? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count > prefix.count + suffix.count,
      let number = Int(name.dropFirst(prefix.count).dropLast(suffix.count)), number > 0, number < 1 << 40
    else { return nil }
    return TensorBoardSink.name(number) == name ? number : nil
  }

  /// Keeps the records up to `step`, and stops at the first that is not whole.
  private static func cutBack(_ path: String, in held: HeldFolder?, to step: Int) throws(TrainingError) {
    let file = try LogFile(path: path, in: held, continues: true)
    var end = 0
    for record in EventRecord.read(try file.content()) {
      guard record.event.step <= step else { break }
      end = record.end
    }
    try file.truncate(to: end)
    try file.flush()
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
