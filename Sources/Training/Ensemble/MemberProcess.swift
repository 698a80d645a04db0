// One member's training as a process of its own: a crash of one leaves the others alone.

private import Glibc
private import Storage

/// A started `strikeforge train`. It belongs to a process group of its own, so that Ctrl-C in a terminal reaches the one who started it alone,
/// who then asks it to save and stop.
final class MemberProcess {
  /// How it ended.
  enum Ending: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  private let process: pid_t
  private var ending: Ending?

  /// Starts this very program with other words. log: takes what it says, behind what is there.
  init(_ words: [String], log: String) throws(TrainingError) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGINT, SIGTERM, SIGPIPE, SIGXFSZ] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var arguments = (["strikeforge"] + words).map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    let code = posix_spawn(&process, MemberProcess.program, &actions, &attributes, &arguments, environ)
    guard code != EAGAIN else {
      throw .noProcess(
        "no further process could be started (\(ProcessLimits.limits(ControlGroups()).joined(separator: ", "))); raise that limit, or "
          + "let fewer members train at a time with --workers")
    }
    guard code == 0 else {
      throw .file(path: MemberProcess.program, action: "start", reason: String(cString: strerror(code)))
    }
    self.process = process
  }

  /// Nobody is left behind.
  deinit {
    guard hasEnded() == nil else { return }
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }

  private static let program = "/proc/self/exe"

  /// How it ended, or nil while it runs.
  func hasEnded() -> Ending? {
    if let ending { return ending }
    var status: Int32 = 0
    guard waitpid(process, &status, WNOHANG) == process else { return nil }
    ending = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: status & 0x7F)
    return ending
  }

  /// Asks it to save and stop. Asked twice it would stop at once.
  func stop() {
    if hasEnded() == nil { kill(process, SIGTERM) }
  }
}

/// A process that must not outlive the one that started it.
package enum ParentProcess {
  /// From now on this process is killed when `parent`, which started it, ends. Throws where that has ended already.
  package static func endWith(_ parent: Int32) throws(TrainingError) {
    // Swift's Glibc leaves out functions of a variable number of arguments; for whole numbers they are called like any other.
    typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    let deathSignal: Int32 = 1  // PR_SET_PDEATHSIG
    guard let control = dlsym(nil, "prctl").map({ unsafeBitCast($0, to: Control.self) }),
      control(deathSignal, UInt(SIGKILL), 0, 0, 0) == 0, getppid() == parent
    else { throw .refused("process \(parent), with which this one was to end, did not start it or has ended") }
  }

  /// This process, as those that it starts must name it.
  static var own: Int32 { getpid() }
}
