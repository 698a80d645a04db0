// Who is to be beaten, and what its successors may begin with.

private import AgentInterface
private import Environments
private import Glibc
import Inference
private import Market
private import Storage
private import Text
import Training

/// The champion as it was published, every byte compared.
struct RetrainChampion {
  var version: String
  var bundle: PolicyBundle
  /// The version's folder, which holds what training goes on from.
  var folder: String

  static let checkpointName = "best.h5"
}

extension Retrain {
  static let championStep = "champion"

  /// The champion at the beginning of this weekend; nil where there is none. Throws where it is damaged, sees other columns, or has seen what it is to be
  /// judged on.
  func champion(_ data: RetrainData) throws(TrainingError) -> RetrainChampion? {
    guard let version = try championVersion() else {
      tell("champion: none; the best that beats the baselines becomes the challenger")
      return nil
    }
    let found = try registry.requireWhole(version, try registry.history())
    let folder = registry.folder(of: version)
    let bundle: PolicyBundle
    do {
      bundle = try PolicyBundle.load(path: FileSystem.join(folder, RegistryVersion.bundleName))
    } catch {
      throw .policy(error)
    }
    let factory = try EnvironmentFactory(RetrainRun.all(of: plan, data.windows)[0].configuration)
    guard bundle.manifest.observationSpace == factory.spaces.observations,
      bundle.manifest.actionSpace.names == factory.spaces.actions.names,
      bundle.manifest.actionSpace.heads == factory.spaces.actions.heads
    else {
      throw .refused(
        "the champion \(folder) sees other columns or has other actions than the plan's environment shows, so that they cannot be compared; "
          + "promote a version of this environment, or retrain under another weekend.name")
    }
    try requireUnseen(bundle, folder, data)
    tell("champion: \(registry.name) \(found.version), every byte as it was published")
    return RetrainChampion(version: version, bundle: bundle, folder: folder)
  }

  /// Who is to be beaten, as it was when this weekend first asked: what is promoted in the end changes nothing about it.
  func championVersion() throws(TrainingError) -> String? {
    try requireRegistryIsThere()
    return try journal.step(Retrain.championStep) { () throws(TrainingError) in
      // As its only writer: an edited history or alias names nobody.
      let version = try registry.exists ? registry.writing { $0.aliases[.champion] } : nil
      return ["version": version.map(JSON.string) ?? .null]
    }["version"]?.stringValue
  }

  private func requireUnseen(_ bundle: PolicyBundle, _ folder: String, _ data: RetrainData) throws(TrainingError) {
    let split = bundle.manifest.provenance["configuration"].flatMap { try? JSON.parse($0) }?["split"]
    let days = ["training_until", "selection_until"].compactMap { name in
      split?[name]?.stringValue.flatMap { CalendarDate($0) }
    }
    guard let until = days.max() else {
      let sentence =
        "The champion does not say what it was trained and chosen on; if that was in the report window, it looks better than it is."
      if !caveats.contains(sentence) { caveats.append(sentence) }
      return
    }
    try data.windows.report.requireUnseen(by: [.init(name: folder, until: until)])
  }

  /// What a run begins with; nil for nothing.
  func beginning(of run: RetrainRun, _ champion: RetrainChampion?) throws(TrainingError) -> WarmStart? {
    guard let mode = run.mode else { return nil }
    guard let champion else {
      throw .refused(
        "\(run.candidate) is to begin with what the champion learned, but there is none; promote one, or write begin: nothing"
      )
    }
    guard access(FileSystem.join(champion.folder, RetrainChampion.checkpointName), F_OK) == 0 else {
      throw .refused(
        "\(run.candidate) is to begin with what the champion learned, but \(champion.folder) holds no \(RetrainChampion.checkpointName) beside its bundle; "
          + "write begin: nothing, or promote a version that a weekend published")
    }
    let warmStart = try WarmStart(
      run: champion.folder, from: RetrainChampion.checkpointName, mode: mode, families: families)
    try warmStart.requireUnseenWindows(run.configuration)
    return warmStart
  }
}
