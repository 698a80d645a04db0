// What lies in a run's folder before its first checkpoint: nothing that anybody could go on with or would miss.

private import Glibc
internal import Storage

enum RunBeginning {
  /// The files that are made before `checkpoint-0.h5`, beside the lock, temporaries and TensorBoard's.
  private static let names: Set<String> = [
    "config.json", "config.yaml", "command.txt", "manifest.json", "init-from.json", "progress.csv", "metrics.jsonl",
    ReplayPlacement.fileName,
  ]
  /// Lines of a log without rows.
  private static let linesWithoutRows = ["progress.csv": 1, "metrics.jsonl": 0]
  /// A header is shorter.
  private static let longestHeaderBytes = 1 << 16

  /// Whether a folder holds nothing else: a run that was killed on its way to its first checkpoint leaves one. Rows are never made before.
  static func isAll(of path: String, held: HeldFolder? = nil) -> Bool {
    guard let found = try? FileSystem.names(inFolder: path, held: held) else { return false }
    return found.allSatisfy { name in
      if let lines = linesWithoutRows[name] {
        let bytes = try? FileSystem.read(FileSystem.join(path, name), limitBytes: longestHeaderBytes, in: held)
        guard let bytes, bytes.count(where: { $0 == 10 }) <= lines else { return false }
      }
      return names.contains(name) || name == RunDirectory.lockName || AtomicWrite.isTemporary(name: name)
        || TensorBoardSink.isEventFile(name)
    }
  }

  /// Empties a locked folder but for its lock. Whoever held the lock before may have come further meanwhile: then it is a run that exists.
  static func remove(from directory: RunDirectory) throws {
    guard isAll(of: directory.path, held: directory.held) else { throw TrainingError.runExists(path: directory.path) }
    for name in try FileSystem.names(inFolder: directory.path, held: directory.held) where name != RunDirectory.lockName
    {
      try FileSystem.remove(directory.file(name), in: directory.held)
    }
  }
}
