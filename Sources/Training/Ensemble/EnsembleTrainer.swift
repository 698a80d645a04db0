// Trains the members of an ensemble side by side, each in a process of its own.

private import Algorithms
private import Configuration
private import Glibc
private import Storage
private import Text

/// Starts members while there is room, looks after them, and never stops one because of another. What the members have saved is all that is
/// kept, so that whoever starts it again goes on where it was, whatever ended it.
package final class EnsembleTrainer {
  /// How a call of `run` ended.
  package enum Ending: Sendable, Equatable {
    case finished
    /// Asked to stop: every member has saved and stopped.
    case stopped
    /// Some member failed; the others are done.
    case failed
  }

  package let plan: EnsemblePlan
  package let directory: RunDirectory
  package private(set) var members: [MemberStatus]
  /// Called whenever something may have changed, a few times a second.
  package var onLook: ([MemberStatus]) -> Void = { _ in }

  private let limit: Int
  private var processes: [MemberProcess?]
  private static let pauseMicroseconds: UInt32 = 100_000
  /// The processes of a trainer that was killed a moment ago need a moment to let go of their folders.
  private static let patienceSeconds = 20.0

  /// workers: how many members train at a time; each gets its part of the machine's cores.
  package init(_ plan: EnsemblePlan, in directory: RunDirectory, workers: Int) {
    precondition(workers >= 1, "\(workers) members at a time")
    self.plan = plan
    self.directory = directory
    limit = workers
    processes = plan.members.map { _ in nil }
    members = plan.members.map { member in
      MemberStatus(
        name: member.name, algorithm: member.configuration.algorithm.rawValue,
        totalSteps: member.configuration.wholeTimesteps)
    }
  }

  /// The folder of a member's run.
  package static func path(of member: String, in directory: RunDirectory) -> String { directory.file(member) }

  /// Trains what is not trained yet. Members that failed before are tried again.
  package func run(shouldStop: () -> Bool) throws(TrainingError) -> Ending {
    for index in members.indices where try isFinished(index) { finish(index) }
    try writeStates()
    var isStopping = false
    var displacement: FolderDisplacement?
    while true {
      try reap()
      // The members notice it too, each when it saves next.
      if displacement == nil { displacement = try directory.displacement() }
      if !isStopping, shouldStop() || displacement != nil {
        isStopping = true
        for process in processes { process?.stop() }
      }
      if !isStopping { try startWhatFits() }
      for index in members.indices where members[index].state == .training {
        members[index].look(atRun: path(index))
      }
      onLook(members)
      guard processes.contains(where: { $0 != nil }) else { break }
      usleep(EnsembleTrainer.pauseMicroseconds)
    }
    if let displacement { throw .displaced(path: directory.path, displacement, savedAtStep: nil) }
    if isStopping { return .stopped }
    return members.allSatisfy { $0.state == .finished } ? .finished : .failed
  }

  private func path(_ index: Int) -> String { EnsembleTrainer.path(of: members[index].name, in: directory) }

  private func log(_ index: Int) -> String { directory.file(members[index].name + ".log") }

  /// Whether the member's last checkpoint is that of its last step: everything else was written before it.
  private func isFinished(_ index: Int) throws(TrainingError) -> Bool {
    try lastStep(index) == members[index].totalSteps
  }

  private func lastStep(_ index: Int) throws(TrainingError) -> Int? {
    guard access(path(index), F_OK) == 0 else { return nil }
    do {
      return try CheckpointStore.list(directory: path(index)).last?.step
    } catch {
      throw .storage(error)
    }
  }

  private func finish(_ index: Int) {
    members[index].look(atRun: path(index))
    members[index].step = members[index].totalSteps
    members[index].state = .finished
  }

  // MARK: Starting

  private func startWhatFits() throws(TrainingError) {
    for index in members.indices where members[index].state == .waiting {
      guard processes.count(where: { $0 != nil }) < limit else { return }
      do {
        processes[index] = try start(index)
        members[index].state = .training
      } catch {
        // Once one of the others has ended there is room for it.
        if case .noProcess = error, processes.contains(where: { $0 != nil }) { return }
        // Not this member's fault alone, perhaps; the others still get their chance.
        members[index].state = .failed(error.description)
      }
      try writeStates()
    }
  }

  private func start(_ index: Int) throws(TrainingError) -> MemberProcess {
    let member = plan.members[index]
    // Its members' folders would be made, or emptied, in another ensemble's.
    try directory.requireInPlace()
    let together = min(limit, plan.members.count)
    var configuration = member.configuration
    if configuration.run.workers == 0 {
      configuration.run.workers = max(1, ProcessLimits.processors / together)
    }
    var words = ["train", "--end-with", "\(ParentProcess.own)"]
    try waitUntilFree(index)
    if try lastStep(index) != nil {
      words += ["--resume", path(index), "--set", "run.workers=\(configuration.run.workers)"]
    } else {
      let file = member.name + ".yaml"
      try directory.write(configuration.yamlText, to: file)
      words += ["--config", directory.file(file), "--run", path(index)]
      if let beginning = plan.beginning {
        words += ["--init-from", beginning.run(of: member.name), "--mode", beginning.mode.rawValue]
      }
    }
    return try MemberProcess(words, log: log(index))
  }

  /// Waits until no process trains in the member's folder any more. Throws where one goes on.
  private func waitUntilFree(_ index: Int) throws(TrainingError) {
    let start = MonotonicClock.seconds
    while access(path(index), F_OK) == 0 {
      do {
        _ = try RunDirectory.open(run: path(index), locks: true)
        return
      } catch {
        guard case .runIsBusy = error, MonotonicClock.seconds - start < EnsembleTrainer.patienceSeconds else {
          throw error
        }
        usleep(EnsembleTrainer.pauseMicroseconds)
      }
    }
  }

  // MARK: Ending

  private func reap() throws(TrainingError) {
    var hasChanged = false
    for index in members.indices {
      guard let ending = processes[index]?.hasEnded() else { continue }
      processes[index] = nil
      hasChanged = true
      members[index].look(atRun: path(index))
      switch ending {
      case .exited(0) where try isFinished(index): finish(index)
      case .exited(0): members[index].state = .stopped
      case .exited(let code): members[index].state = .failed(lastWords(index) ?? "it ended with exit code \(code)")
      case .killed(let signal): members[index].state = .failed("it was killed by signal \(signal)")
      }
    }
    if hasChanged { try writeStates() }
  }

  /// What the member said last about itself.
  private func lastWords(_ index: Int) -> String? {
    let prefix = "strikeforge train: "
    guard let bytes = try? FileSystem.read(log(index)) else { return nil }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").last { $0.hasPrefix(prefix) }
    return line.map { PrintableText.of(String($0.dropFirst(prefix.count))) }
  }

  private func writeStates() throws(TrainingError) {
    guard try directory.displacement() == nil else { return }
    try directory.write(JSON.object(["members": .array(members.map(\.json))]).prettyText + "\n", to: "members.json")
  }
}
