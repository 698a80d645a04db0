// Where an ensemble lies: its plan, and the runs of its members.

private import Glibc
private import Storage
private import Text

/// The folder of an ensemble: its plan and a run a member.
package struct EnsembleFolder {
  package let directory: RunDirectory
  package let plan: EnsemblePlan

  package static let planName = "ensemble.json"
  /// No plan and no record of a combination is larger.
  package static let largestRecord = 16 << 20

  /// Whether that run is an ensemble.
  package static func isEnsemble(run: String) -> Bool {
    access(FileSystem.join(RunDirectory.path(ofRun: run), planName), F_OK) == 0
  }

  /// An ensemble that has begun; locked where `locks`.
  package init(run: String, locks: Bool, families: Families) throws(TrainingError) {
    directory = try RunDirectory.open(run: run, locks: locks)
    let path = directory.file(EnsembleFolder.planName)
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read(path, limitBytes: EnsembleFolder.largestRecord)
    } catch {
      throw .storage(error)
    }
    guard let json = try? JSON.parse(bytes) else {
      throw .incomplete(
        path: path, what: "JSON", remedy: "bring the file back, or train the ensemble under another name")
    }
    plan = try EnsemblePlan(json: json, path: path, families: families)
  }

  /// A new ensemble: its folder and its plan.
  package init(making plan: EnsemblePlan, run: String, command: [String]) throws(TrainingError) {
    let path = RunDirectory.path(ofRun: run)
    // Killed before it had a plan, it is still new.
    let names = access(path, F_OK) == 0 ? try? FileSystem.names(inFolder: path) : nil
    directory =
      names.map { $0.allSatisfy { $0.hasPrefix(".") } } == true
      ? try RunDirectory.open(run: run, locks: true) : try RunDirectory.create(run: run, prefix: "ensemble")
    self.plan = plan
    try directory.write(plan.json.prettyText + "\n", to: EnsembleFolder.planName)
    try directory.write(command.map(CommandText.quoted).joined(separator: " ") + "\n", to: "command.txt")
  }

  /// The same ensemble with the weights and the rule of another plan of the same members: those may change without training anew.
  package func combined(as plan: EnsemblePlan) throws(TrainingError) -> EnsembleFolder {
    try directory.write(plan.json.prettyText + "\n", to: EnsembleFolder.planName)
    return EnsembleFolder(directory: directory, plan: plan)
  }

  private init(directory: RunDirectory, plan: EnsemblePlan) {
    (self.directory, self.plan) = (directory, plan)
  }
}
