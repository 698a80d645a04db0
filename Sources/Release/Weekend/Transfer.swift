// Files from one folder to another, which may be another machine's: by what they hold, going on behind a cut, and compared when they have arrived.

private import Glibc
private import Storage
private import Text
package import Training

/// Brings files over. What lies there already with the same bytes is left; what was brought by half is gone on with, if what is there is the beginning of
/// what comes; a file has its name only once its bytes are those that were sent.
package struct Transfer {
  package struct Summary: Sendable, Equatable {
    package var files = 0
    /// That had arrived before.
    package var found = 0
    package var bytes = 0
    /// That a cut had left and were not sent again.
    package var resumedBytes = 0
  }

  private static let blockBytes = 1 << 20
  private static let suffix = ".part"
  /// Called behind every block: where a test cuts.
  var onBlock: () throws(TrainingError) -> Void = { () throws(TrainingError) in }

  package init() {}

  /// The regular files of a folder, hidden ones left out, into another.
  package func bring(from source: String, to target: String) throws(TrainingError) -> Summary {
    let names = try storing { () throws(StorageError) in try FileSystem.names(inFolder: source) }
    return try bring(
      names.filter { name in
        var status = stat()
        return !name.hasPrefix(".") && stat(FileSystem.join(source, name), &status) == 0
          && status.st_mode & S_IFMT == S_IFREG
      }, from: source, to: target)
  }

  package func bring(_ names: [String], from source: String, to target: String) throws(TrainingError) -> Summary {
    try storing { () throws(StorageError) in try FileSystem.makeFolder(target) }
    var summary = Summary()
    for name in names {
      try bring(FileSystem.join(source, name), into: target, name: name, &summary)
      summary.files += 1
    }
    return summary
  }

  private func bring(_ path: String, into target: String, name: String, _ summary: inout Summary)
    throws(TrainingError)
  {
    let bytes = try storing { () throws(StorageError) in try FileSystem.read(path) }
    let place = FileSystem.join(target, name)
    if let there = try? FileSystem.read(place), there == bytes {
      summary.found += 1
      return
    }
    let part = FileSystem.join(target, "." + name + Transfer.suffix)
    let descriptor = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw .storage(.system(path: part, operation: .create, code: errno)) }
    defer { close(descriptor) }
    let began = (try? FileSystem.read(part)) ?? []
    var done = began.count <= bytes.count && began[...] == bytes[..<began.count] ? began.count : 0
    summary.resumedBytes += done
    guard ftruncate(descriptor, off_t(done)) == 0, lseek(descriptor, off_t(done), SEEK_SET) >= 0 else {
      throw .storage(.system(path: part, operation: .write, code: errno))
    }
    while done < bytes.count {
      let block = Array(bytes[done..<min(done + Transfer.blockBytes, bytes.count)])
      try storing { () throws(StorageError) in try AtomicWrite.writeAll(block, to: descriptor, path: part) }
      done += block.count
      summary.bytes += block.count
      try onBlock()
    }
    guard fsync(descriptor) == 0 else { throw .storage(.system(path: part, operation: .flush, code: errno)) }
    // Read back: what has arrived is what was sent.
    let arrived = try storing { () throws(StorageError) in try FileSystem.read(part) }
    guard SHA256.hex(arrived) == SHA256.hex(bytes) else {
      try? FileSystem.remove(part)
      throw .refused(
        "\(place) arrived with other bytes than \(path) has; nothing was taken: look at the disk and the network, and run it again"
      )
    }
    try storing { () throws(StorageError) in try FileSystem.rename(part, to: place) }
  }
}

extension Registry {
  /// Brings a version, the history and then the aliases to a folder on another machine, in which a server finds a whole version at every moment.
  package func deliver(_ version: String, to outbox: String, by transfer: Transfer = Transfer())
    throws(TrainingError) -> Transfer.Summary
  {
    let found = try requireWhole(version, try history())
    let target = FileSystem.join(outbox, name)
    let there = FileSystem.join(target, version)
    var summary = Transfer.Summary()
    if access(there, F_OK) != 0 {
      // Under its own name once it is whole.
      let arriving = FileSystem.join(target, ".\(version).arriving")
      summary = try transfer.bring(
        found.files.map(\.name) + [RegistryVersion.manifestName], from: folder(of: version), to: arriving)
      try storing { () throws(StorageError) in try FileSystem.rename(arriving, to: there) }
    }
    let (_, faults) = RegistryVersion.check(there, version: version, expected: try history().manifest(of: version))
    guard faults.isEmpty else {
      throw .refused(
        "\(there) is not the version that was published: \(faults.map(\.description).joined(separator: "; ")); remove the folder, and it is sent again"
      )
    }
    let log = [Registry.historyName, Registry.historyName + ChainedLog.headSuffix]
    for names in [log, [Registry.aliasesName]] {
      let more = try transfer.bring(names.filter { access(file($0), F_OK) == 0 }, from: path, to: target)
      summary.files += more.files
      summary.found += more.found
      summary.bytes += more.bytes
    }
    return summary
  }
}
