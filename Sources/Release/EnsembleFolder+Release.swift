// What the members of an ensemble make together, in its folder.

private import AgentInterface
private import Environments
private import Evaluation
private import Glibc
package import Inference
private import Storage
private import Text
package import Training

extension EnsembleFolder {
  package static let bundleName = "policy.safetensors"

  /// The members that were left out, by their own record: those that are not finished. None where nothing says so.
  package func leftOut() throws(TrainingError) -> [(name: String, cause: String)] {
    let path = directory.file("combination.json")
    guard access(path, F_OK) == 0 else { return [] }
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read(path, limitBytes: EnsembleFolder.largestRecord)
    } catch {
      throw .storage(error)
    }
    guard let entries = (try? JSON.parse(bytes))?["left_out"]?.arrayValue else {
      throw .incomplete(
        path: path, what: "record of a combination",
        remedy: "combine again with `strikeforge ensemble --resume \(directory.argument)`")
    }
    return entries.map { ($0["name"]?.stringValue ?? "", $0["cause"]?.stringValue ?? "") }
  }

  /// Writes the bundle and the record beside it. The record goes first: a bundle never lies beside one of another.
  package func write(_ export: EnsembleExport) throws(TrainingError) {
    try directory.requireInPlace()
    try directory.write(export.record.prettyText + "\n", to: "combination.json")
    try PolicyExporter.write(export.bundle, to: directory.file(EnsembleFolder.bundleName))
  }

  /// The bundle that was exported, and what an evaluation says about it.
  package func exported() throws(TrainingError) -> (bundle: PolicyBundle, origin: PolicyOrigin) {
    let path = directory.file(EnsembleFolder.bundleName)
    guard access(path, F_OK) == 0 else {
      throw .incomplete(
        path: directory.path, what: EnsembleFolder.bundleName,
        remedy: "train its members and combine them with `strikeforge ensemble --resume \(directory.argument)`")
    }
    do {
      let bundle = try PolicyBundle.load(path: path)
      return (bundle, origin(of: bundle, path: path))
    } catch {
      throw .policy(error)
    }
  }

  /// Refuses a bundle that was made for other data or other spaces than the plan's world has now.
  package func requireFit(_ bundle: PolicyBundle, factory: EnvironmentFactory) throws(TrainingError) {
    let path = directory.file(EnsembleFolder.bundleName)
    try RunState.requireSameData(bundle.manifest.provenance["data_fingerprint"] ?? "", factory: factory, path: path)
    do {
      try bundle.requireSpace(factory.spaces.observations, actions: factory.spaces.actions, path: path)
    } catch {
      throw .policy(error)
    }
  }

  private func origin(of bundle: PolicyBundle, path: String) -> PolicyOrigin {
    let provenance = bundle.manifest.provenance
    let total = Double(bundle.policy.members.reduce(0) { $0 + $1.weight })
    let members = zip(bundle.policy.members, bundle.members).map { member, own in
      let made = own.manifest.provenance
      return (
        name: "member \(member.name)",
        text: "\(own.manifest.algorithm), step \(made["step"] ?? "?"), parameters \(made["parameters_sha256"] ?? "?"), "
          + "\(ReportText.fixed(100 * Double(member.weight) / total, decimals: 1)) % of the say"
          + (member.temperature == 1 ? "" : ", temperature \(ConsoleSink.short(member.temperature))")
      )
    }
    let algorithms = bundle.members.map(\.manifest.algorithm).joined(separator: ", ")
    return PolicyOrigin(
      runName: directory.name, source: "\(path), \(members.count) members",
      algorithm: "ensemble of \(algorithms) by \(bundle.policy.rule?.rawValue ?? "")",
      configuration: plan.members[0].configuration, dataFingerprint: provenance["data_fingerprint"] ?? "",
      provenance: members + EnsembleExporter.told.compactMap { key in provenance[key].map { (key, $0) } },
      attributes: ["policy": path, "members": members.map { $0.name + ": " + $0.text }.joined(separator: "; ")],
      ensemble: (
        provenance["best_member"] ?? bundle.policy.members[0].name, provenance["fitted"] != EnsembleExporter.nothing
      ))
  }
}
