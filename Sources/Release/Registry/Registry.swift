// Where policies go when they leave: versions that never change, and names for those that serve.

private import Glibc
private import Storage
package import Text
package import Training

/// A folder of published policies:
///
/// | path | content |
/// |---|---|
/// | `NAME/VERSION/` | a version: bundle, report, plan, and `version.json` with the digest of each; never changed |
/// | `NAME/aliases.json` | which version is champion, challenger and fallback; replaced as a whole |
/// | `NAME/history.jsonl` | every publication and every move, a `ChainedLog` |
///
/// A move is written into the history first and flushed, then `aliases.json` is replaced: whoever is killed between the two has moved, and the next who opens the
/// registry finishes it. A reader of `aliases.json` sees the old version or the new one at every moment, and both are whole.
package struct Registry {
  package static let usualFolder = "registry"
  static let aliasesName = "aliases.json"
  static let historyName = "history.jsonl"
  private static let lockName = ".lock"
  /// Longer than any of its writers works.
  private static let longestWaitMilliseconds = 30_000

  package let folder: String
  package let name: String
  package let path: String

  /// The registry of a name below a folder; it need not exist yet.
  package init(folder: String, name: String) throws(TrainingError) {
    guard RunName.isValid(name) else {
      throw .refused("'\(PrintableText.name(name))' is no name of a registry: \(RunName.rule)")
    }
    self.folder = folder
    self.name = name
    path = FileSystem.join(folder, name)
  }

  /// The names below a folder, sorted.
  package static func names(in folder: String) -> [String] {
    ((try? FileSystem.names(inFolder: folder)) ?? []).filter {
      RunName.isValid($0) && access(FileSystem.join(folder, $0) + "/" + historyName, F_OK) == 0
    }
  }

  func file(_ name: String) -> String { FileSystem.join(path, name) }
  package func folder(of version: String) -> String { file(version) }

  package var exists: Bool { access(file(Registry.historyName), F_OK) == 0 }

  /// Throws where nothing was published under this name.
  package func requireExists() throws(TrainingError) {
    guard !exists else { return }
    let names = Registry.names(in: folder)
    throw .refused(
      "nothing is published as \(name) in \(folder); "
        + (names.isEmpty ? "nothing is published there at all" : "there are \(names.joined(separator: ", "))"))
  }

  // MARK: Reading

  package func history() throws(TrainingError) -> RegistryHistory {
    do {
      return RegistryHistory(try ChainedLog.read(file(Registry.historyName)))
    } catch {
      throw .storage(error)
    }
  }

  /// What `aliases.json` says, as a server reads it; empty where there is none.
  package func aliases() throws(TrainingError) -> [RegistryAlias: String] {
    let path = file(Registry.aliasesName)
    guard access(path, F_OK) == 0 else { return [:] }
    do {
      let bytes = try FileSystem.read(path, limitBytes: 1 << 16)
      guard let members = (try? JSON.parse(bytes))?.objectValue else {
        throw TrainingError.incomplete(path: path, what: "aliases", remedy: Registry.editedRemedy)
      }
      return members.reduce(into: [:]) { aliases, member in
        if let alias = RegistryAlias(rawValue: member.key) { aliases[alias] = member.value.stringValue }
      }
    } catch let error as StorageError {
      throw .storage(error)
    } catch let error as TrainingError {
      throw error
    } catch {
      throw .file(path: path, action: "read", reason: "\(error)")
    }
  }

  static let editedRemedy = "remove it, and the next move writes it anew from the history"

  /// The version's manifest, with all its files as they were published. Throws where one of them is not.
  package func requireWhole(_ version: String, _ history: RegistryHistory) throws(TrainingError) -> RegistryVersion {
    guard let digest = history.manifest(of: version) else {
      let versions = history.versions.isEmpty ? "none" : history.versions.joined(separator: ", ")
      throw .refused("\(path) has no version \(PrintableText.name(version)); it has \(versions)")
    }
    let (found, faults) = RegistryVersion.check(folder(of: version), version: version, expected: digest)
    guard let found, faults.isEmpty else {
      throw .refused(
        "version \(version) of \(name) is not as it was published: \(faults.map(\.description).joined(separator: "; ")); "
          + "restore it from a copy, or take another version")
    }
    return found
  }

  // MARK: Writing

  /// Does something as the only writer, after whatever another was killed in is finished. Throws where the history was edited.
  func writing<Result>(_ body: (RegistryHistory) throws(TrainingError) -> Result) throws(TrainingError) -> Result {
    let lock: ProcessLock
    do throws(StorageError) {
      try FileSystem.makeFolder(path)
      let path = file(Registry.lockName)
      guard
        let taken = try ProcessLock.take(
          path, words: "process \(getpid())", waitingMilliseconds: Registry.longestWaitMilliseconds)
      else {
        throw .system(path: path, operation: .open, code: EWOULDBLOCK)
      }
      lock = taken
    } catch {
      throw .storage(error)
    }
    defer { withExtendedLifetime(lock) {} }
    let history = try history()
    guard history.faults.isEmpty else {
      throw .refused(
        "the history \(file(Registry.historyName)) is not as it was written: \(history.faults.joined(separator: "; ")); nothing is "
          + "moved on its word. Restore it from a copy")
    }
    try finish(history)
    return try body(history)
  }

  /// Brings `aliases.json` to what the history says. Throws where it says something that the history never did.
  private func finish(_ history: RegistryHistory) throws(TrainingError) {
    let (there, meant) = (try aliases(), history.aliases)
    guard there != meant else { return }
    guard access(file(Registry.aliasesName), F_OK) == 0 else { return try write(meant) }
    // One move behind is a writer that was killed.
    let before = RegistryHistory(moves: Array(history.moves.dropLast())).aliases
    guard there == before else {
      throw .refused(
        "\(file(Registry.aliasesName)) was edited: it names \(Registry.text(there)), but the history \(Registry.text(meant)); "
          + Registry.editedRemedy)
    }
    try write(meant)
  }

  package static func text(_ aliases: [RegistryAlias: String]) -> String {
    let words = RegistryAlias.allCases.compactMap { alias in aliases[alias].map { "\(alias.rawValue) \($0)" } }
    return words.isEmpty ? "nothing" : words.joined(separator: ", ")
  }

  func write(_ aliases: [RegistryAlias: String]) throws(TrainingError) {
    let members = Dictionary(uniqueKeysWithValues: aliases.map { ($0.key.rawValue, JSON.string($0.value)) })
    do {
      try AtomicWrite.write(text: JSON.object(members).prettyText + "\n", to: file(Registry.aliasesName))
    } catch {
      throw .storage(error)
    }
  }

  /// Writes a line into the history, flushed.
  func append(_ move: RegistryMove) throws(TrainingError) {
    do {
      try ChainedLog.append(move.members, to: file(Registry.historyName))
    } catch {
      throw .storage(error)
    }
  }
}
