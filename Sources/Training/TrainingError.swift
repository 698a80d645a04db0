// What can stop a run, in words that name the place and the remedy.

package import AgentInterface
package import Configuration
package import Environments
package import Evaluation
package import Inference
package import Storage
private import Text

/// What stopped a run, an evaluation or an export.
package enum TrainingError: Error, CustomStringConvertible {
  case configuration(ConfigurationError)
  case storage(StorageError)
  /// A checkpoint that cannot be read, where an older one can; `command` continues from that.
  case unusableCheckpoint(StorageError, command: String)
  case policy(PolicyBundleError)
  case environment(EnvironmentError)
  case decision(DecisionError)
  /// Decisions that were taken, but that no server could be asked for.
  case observation(ObservationLinesError)
  case restore(path: String, RestoreError)
  case runExists(path: String)
  case noSuchRun(path: String, found: [String])
  case runIsBusy(path: String)
  /// A name that no run may have: of one that is to be made, or of one that lies there.
  case runName(String, isNew: Bool)
  /// A limit of the system is too low, in one sentence with the remedy.
  case noRoom(String)
  /// Another process does the same, in one sentence that says which.
  case busy(String)
  /// The system starts no more processes, for now or at all.
  case noProcess(String)
  /// A folder that was locked is not what its path leads to any more. `savedAtStep`: where it is, with everything up to that step.
  case displaced(path: String, FolderDisplacement, savedAtStep: Int?)
  case incomplete(path: String, what: String, remedy: String)
  case file(path: String, action: String, reason: String)
  /// A gate said no: data without a passing record, an export that does not match, a window that training saw.
  case refused(String)
  /// A number of the learner is no number any more.
  case diverged(what: String, step: Int)
  /// A condition that ends a run, and the file that it was recorded in or why it could not be.
  case unhealthy(finding: String, place: String, step: Int, recording: Result<String, StorageError>)

  /// One sentence that a terminal can show, whatever a file holds.
  package var description: String { PrintableText.sentence(sentence) }

  private var sentence: String {
    switch self {
    case .configuration(let error): error.description
    case .storage(let error): error.description
    case .unusableCheckpoint(let error, let command):
      "\(error); or continue from the checkpoint before it with `\(command)`"
    case .policy(let error): error.description
    case .environment(let error): error.description
    case .decision(let error): "the policy could not decide: \(error)"
    case .observation(let error): "the decisions cannot be written as lines of JSON: \(error)"
    case .restore(let path, let error): "\(path): \(error); the file is of another version or configuration"
    case .runExists(let path):
      "the run folder \(path) exists already; resume it with --resume, or choose another name with --run"
    case .noSuchRun(let path, let found):
      "there is no run \(path)"
        + (found.isEmpty ? "; `strikeforge train` makes one" : "; there are: \(found.joined(separator: ", "))")
    case .runIsBusy(let path): "another process is training in \(path); wait for it or stop it"
    case .runName(let name, let isNew):
      "a run cannot be called '\(PrintableText.name(name))': \(RunName.rule); "
        + (isNew ? "give it another with --run" : "rename its folder, and name the run by that")
    case .noRoom(let sentence), .busy(let sentence), .noProcess(let sentence): sentence
    case .displaced(let path, let displacement, let step): displacement.sentence(path, savedAtStep: step)
    case .incomplete(let path, let what, let remedy): "\(path) holds no \(what); \(remedy)"
    case .file(let path, let action, let reason): "cannot \(action) \(path): \(reason)"
    case .refused(let sentence): sentence
    case .diverged(let what, let step):
      "training diverged: \(what) is not a finite number at step \(step); lower algorithm.learning_rate or "
        + "algorithm.max_gradient_norm. The checkpoints written before are intact"
    case .unhealthy(let finding, let place, let step, .success(let path)):
      "training stopped at step \(step): \(finding) (\(place)); `strikeforge replay-update "
        + "\(CommandText.quoted(path))` shows where it comes from. The checkpoints written before are intact"
    case .unhealthy(let finding, let place, let step, .failure(let error)):
      "training stopped at step \(step): \(finding) (\(place)). The checkpoints written before are intact, but it "
        + "could not be recorded: \(error)"
    }
  }

  /// What `body` gives; a decision that was refused is the cause of what stopped.
  package static func deciding<Value>(_ body: () throws(DecisionError) -> Value) throws(TrainingError) -> Value {
    do { return try body() } catch { throw .decision(error) }
  }

  /// 2 where a gate refused, 1 otherwise.
  package var exitCode: Int32 {
    switch self {
    case .refused: 2
    case .storage(.gateRefused): 2
    default: 1
    }
  }
}
