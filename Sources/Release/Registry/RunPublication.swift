// A run that was exported becomes a version.

private import Glibc
private import Inference
private import Storage
private import Text
package import Training

/// What of a run's folder goes into a registry, and what a version stands on.
package enum RunPublication {
  /// What is taken along where it is there, besides the bundle.
  private static let companions = [
    "config.json", "config.yaml", "combination.json", "evaluation.json", "report.md", "report.html",
    "daily-returns.csv",
    "trades.csv", RetrainChampion.checkpointName,
  ]

  /// Publishes the bundle that was exported from a run or an ensemble.
  package static func publish(run: String, to registry: Registry, reason: String)
    throws(TrainingError) -> RegistryVersion
  {
    let directory = try RunDirectory.open(run: run, locks: false)
    let bundle = directory.file(RegistryVersion.bundleName)
    guard access(bundle, F_OK) == 0 else {
      throw .incomplete(
        path: directory.path, what: RegistryVersion.bundleName,
        remedy: "write it with `strikeforge export \(directory.argument)`")
    }
    var files: [(name: String, bytes: [UInt8])] = []
    do {
      files.append((RegistryVersion.bundleName, try FileSystem.read(bundle)))
      for name in companions where access(directory.file(name), F_OK) == 0 {
        files.append((name, try FileSystem.read(directory.file(name))))
      }
    } catch {
      throw .storage(error)
    }
    return try registry.publish(
      files, provenance: provenance(files[0].bytes, path: bundle, store: store(of: directory)), reason: reason,
      rule: "a person")
  }

  /// What the bundle says of itself, and how far the ledger of trials beside its store went.
  private static func provenance(_ bundle: [UInt8], path: String, store: String?) throws(TrainingError)
    -> [String: String]
  {
    var provenance: [String: String]
    do {
      provenance = try PolicyBundle.decode(bundle, path: path).manifest.provenance
    } catch {
      throw .policy(error)
    }
    if let store, let ledger = try? TrialsLedger.read(beside: store) {
      provenance["ledger"] = "\(ledger.path), line \(ledger.position.lines), \(ledger.position.digest)"
      provenance["trials"] = "\(ledger.count)"
    }
    return provenance
  }

  /// The store that a run was trained on; nil for games and ensembles, whose members name it.
  private static func store(of directory: RunDirectory) -> String? {
    guard let bytes = try? FileSystem.read(directory.file("config.json"), limitBytes: 1 << 20),
      let store = (try? JSON.parse(bytes))?["environment"]?["store"]?.stringValue, !store.isEmpty
    else { return nil }
    return store
  }
}
