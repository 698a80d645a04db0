// What is done to a registry: publish, move an alias, go back, check, clear away.

private import Glibc
private import Inference
private import Storage
package import Text
package import Training

extension Registry {
  /// Publishes files as the next version, or finds the one that holds the very same. The bundle must be whole.
  package func publish(
    _ files: [(name: String, bytes: [UInt8])], provenance: [String: String], reason: String, rule: String
  ) throws(TrainingError) -> RegistryVersion {
    guard let bundle = files.first(where: { $0.name == RegistryVersion.bundleName }) else {
      throw .refused("a version without \(RegistryVersion.bundleName) serves nobody")
    }
    do {
      _ = try PolicyBundle.decode(bundle.bytes, path: bundle.name)
    } catch {
      throw .policy(error)
    }
    return try writing { (history) throws(TrainingError) in
      let sealed = files.map {
        RegistryVersion.File(name: $0.name, bytes: $0.bytes.count, digest: SHA256.hex($0.bytes))
      }
      AtomicFolder.removeLeftovers(inFolder: path)
      // What was published without having been written down, by one that was killed, is found here too.
      for number in try numbers() {
        let version = RegistryVersion.name(number)
        let (found, faults) = RegistryVersion.check(
          folder(of: version), version: version, expected: history.manifest(of: version))
        guard let found, faults.isEmpty,
          found.identity
            == RegistryVersion(version: version, created: "", files: sealed, provenance: provenance).identity
        else { continue }
        if history.manifest(of: version) == nil { try writeDown(found, reason: reason, rule: rule) }
        return found
      }
      let version = RegistryVersion(
        version: RegistryVersion.name(1 + max(try numbers().max() ?? 0, history.highest)), created: UTCTime.now(),
        files: sealed,
        provenance: provenance)
      let manifest = (RegistryVersion.manifestName, Array((version.json.prettyText + "\n").utf8))
      do throws(StorageError) {
        try AtomicFolder.make(folder(of: version.version), files: files + [manifest])
      } catch {
        throw .storage(error)
      }
      try writeDown(version, reason: reason, rule: rule)
      return version
    }
  }

  private func writeDown(_ version: RegistryVersion, reason: String, rule: String) throws(TrainingError) {
    try append(
      RegistryMove(
        .published, version: version.version, reason: reason, rule: rule,
        manifest: SHA256.hex(Array((version.json.prettyText + "\n").utf8))))
  }

  /// Version folders, ascending.
  private func numbers() throws(TrainingError) -> [Int] {
    do {
      return try FileSystem.names(inFolder: path).compactMap(RegistryVersion.number).sorted()
    } catch {
      throw .storage(error)
    }
  }

  /// Gives an alias to a version that is whole. Nothing is written where it has it already.
  @discardableResult
  package func move(_ alias: RegistryAlias, to version: String, reason: String, rule: String) throws(TrainingError)
    -> RegistryVersion
  {
    try requireExists()
    return try writing { (history) throws(TrainingError) in
      let found = try requireWhole(version, history)
      let from = history.aliases[alias]
      guard from != version else { return found }
      try move(RegistryMove(.moved, version: version, alias: alias, from: from, reason: reason, rule: rule), history)
      return found
    }
  }

  /// Gives the champion's name back to the champion before it: bundle and configuration as they were published, every byte compared.
  package func rollBack(reason: String) throws(TrainingError) -> (from: String, to: RegistryVersion) {
    try requireExists()
    return try writing { (history) throws(TrainingError) in
      let champions = history.champions
      guard champions.count >= 2, let present = champions.last else {
        throw .refused("\(path) has no champion before the present one; there is nothing to go back to")
      }
      let before = champions[champions.count - 2]
      let found = try requireWhole(before, history)
      try move(
        RegistryMove(.rolledBack, version: before, alias: .champion, from: present, reason: reason, rule: "a person"),
        history)
      return (present, found)
    }
  }

  private func move(_ move: RegistryMove, _ history: RegistryHistory) throws(TrainingError) {
    try append(move)
    try write(RegistryHistory(moves: history.moves + [move]).aliases)
  }

  /// Everything that is not as it was published: files, manifests, history, aliases.
  package func faults() throws(TrainingError) -> [RegistryFault] {
    try requireExists()
    let history = try history()
    let log = file(Registry.historyName)
    var faults = history.faults.map { RegistryFault(place: log, reason: "is not as it was written: \($0)") }
    for version in history.versions {
      faults += RegistryVersion.check(folder(of: version), version: version, expected: history.manifest(of: version)).1
    }
    for number in try numbers() where history.manifest(of: RegistryVersion.name(number)) == nil {
      faults.append(
        RegistryFault(place: folder(of: RegistryVersion.name(number)), reason: "was never published, or removed since"))
    }
    let path = file(Registry.aliasesName)
    do {
      let there = try aliases()
      if there != history.aliases {
        faults.append(
          RegistryFault(
            place: path, reason: "names \(Registry.text(there)), but the history \(Registry.text(history.aliases))"))
      }
    } catch {
      faults.append(RegistryFault(place: path, reason: "cannot be read: \(error)"))
    }
    return faults
  }

  /// Removes versions that have no alias, are none of the last `keeping` that came, and that going back does not lead to within as many steps. Returns
  /// what was removed.
  package func clear(keeping: Int) throws(TrainingError) -> [String] {
    precondition(keeping >= 1, "\(keeping) versions")
    try requireExists()
    return try writing { (history) throws(TrainingError) in
      AtomicFolder.removeLeftovers(inFolder: path)
      let kept = Set(
        Array(history.aliases.values) + history.versions.suffix(keeping) + history.champions.suffix(keeping + 1))
      let doomed = history.versions.filter { !kept.contains($0) }
      // What one who was killed had written down as removed goes too.
      for version in try numbers().map(RegistryVersion.name) where history.wasRemoved(version) {
        try removeFolder(of: version)
      }
      for version in doomed {
        // Written down first: what is then still there was removed by half, and is known to be.
        try append(
          RegistryMove(.removed, version: version, reason: "cleared away", rule: "the last \(keeping) are kept"))
        try removeFolder(of: version)
      }
      return doomed
    }
  }

  private func removeFolder(of version: String) throws(TrainingError) {
    do {
      try AtomicFolder.remove(folder(of: version))
    } catch {
      throw .storage(error)
    }
  }
}
