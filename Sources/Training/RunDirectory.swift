// A run's own folder: its name, its lock and the texts that lie in it.

private import Glibc
private import Storage

/// `checkpoints/<run>`, or the folder that the user named. One process trains in it at a time.
package final class RunDirectory {
  package static let root = "checkpoints"

  package let path: String
  package var name: String { FileSystem.split(path).name }
  private var lockDescriptor: Int32 = -1

  private init(path: String) { self.path = path }

  deinit {
    guard lockDescriptor >= 0 else { return }
    // Given back by name: closing alone would leave it with a child that another thread is just starting.
    flock(lockDescriptor, LOCK_UN)
    close(lockDescriptor)
  }

  /// What a user types to name this run.
  package var argument: String {
    CommandText.quoted(RunDirectory.path(ofRun: name) == path ? name : path)
  }

  package func file(_ name: String) -> String { FileSystem.join(path, name) }

  /// The folder of a run by its name below `checkpoints`, or by its path where `run` holds a slash.
  package static func path(ofRun run: String) -> String {
    var run = run
    while run.count > 1, run.hasSuffix("/") { run.removeLast() }
    if run.contains("/") || run == "." || run == ".." { return run }
    return FileSystem.join(root, run)
  }

  /// Makes and locks a new run's folder. An empty `run` becomes `<prefix>-<n>`, n one above the highest there is.
  package static func create(run: String, prefix: String, below root: String = RunDirectory.root)
    throws(TrainingError) -> RunDirectory
  {
    try RunName.require(new: run)
    do {
      let path =
        run.isEmpty
        ? FileSystem.join(root, prefix + "-" + String(try nextNumber(prefix, below: root))) : path(ofRun: run)
      guard access(path, F_OK) != 0 else { throw TrainingError.runExists(path: path) }
      let parent = FileSystem.split(path).folder
      if !parent.isEmpty { try FileSystem.makeFolder(parent) }
      try FileSystem.makeFolder(path)
      let directory = RunDirectory(path: path)
      try directory.lock()
      return directory
    } catch let error as StorageError {
      throw .storage(error)
    } catch let error as TrainingError {
      throw error
    } catch {
      throw .file(path: run, action: "make the run folder", reason: "\(error)")
    }
  }

  /// A run that exists; locked where `locks`.
  package static func open(run: String, locks: Bool) throws(TrainingError) -> RunDirectory {
    let path = path(ofRun: run)
    guard !run.isEmpty, access(path + "/.", F_OK) == 0 else { throw .noSuchRun(path: path, found: all()) }
    try RunName.require(existing: path)
    let directory = RunDirectory(path: path)
    if locks { try directory.lock() }
    return directory
  }

  /// The names of the runs below `checkpoints`, sorted.
  package static func all() -> [String] { folders().filter(RunName.isValid) }

  /// The folders below `checkpoints` that a run lies in but that are named as no run may be, sorted.
  package static func misnamed() -> [String] { folders().filter { !RunName.isValid($0) } }

  private static func folders() -> [String] {
    let names = (try? FileSystem.names(inFolder: root)) ?? []
    return names.filter { name in
      ["config.json", EnsembleFolder.planName].contains { access(FileSystem.join(root, name) + "/" + $0, F_OK) == 0 }
    }.sorted()
  }

  package func write(_ text: String, to name: String) throws(TrainingError) {
    do {
      try AtomicWrite.write(text: text, to: file(name))
    } catch {
      throw .storage(error)
    }
  }

  private static func nextNumber(_ prefix: String, below root: String) throws(StorageError) -> Int {
    guard access(root, F_OK) == 0 else { return 1 }
    let numbers = try FileSystem.names(inFolder: root).compactMap { name in
      name.hasPrefix(prefix + "-") ? Int(name.dropFirst(prefix.count + 1)) : nil
    }
    // A folder that somebody named with an absurd number is not part of the row.
    return (numbers.filter { (0..<1 << 40).contains($0) }.max() ?? 0) + 1
  }

  /// The lock goes with the process, however it ends.
  private func lock() throws(TrainingError) {
    let lockPath = file(".lock")
    lockDescriptor = Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lockDescriptor >= 0 else {
      throw .file(
        path: lockPath, action: "make",
        reason: String(cString: strerror(errno)) + "; check that its folder still exists and may be written")
    }
    guard flock(lockDescriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      if code == EWOULDBLOCK { throw .runIsBusy(path: path) }
      throw .file(path: lockPath, action: "lock", reason: String(cString: strerror(code)))
    }
  }
}
