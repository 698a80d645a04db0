// A command of the user's own at a step of the weekend: without a shell, with a limit, and without anybody's secrets.

private import Glibc
private import Storage
private import Training

/// One command and how patient one is with it.
package struct Hook: Sendable, Equatable {
  /// The program, by its path or a name that PATH knows, and its words: nothing reads them but the program.
  package var words: [String]
  /// Seconds that one try may take; then it is asked to end, and two seconds later it is ended.
  package var limitSeconds: Double
  /// Tries after the first.
  package var retries: Int
  /// Seconds before the second try; each wait is twice the one before, up to a minute.
  package var waitSeconds: Double

  package init(words: [String], limitSeconds: Double = 600, retries: Int = 0, waitSeconds: Double = 1) {
    precondition(!words.isEmpty && limitSeconds > 0 && retries >= 0 && waitSeconds >= 0, "\(words)")
    self.words = words
    self.limitSeconds = limitSeconds
    self.retries = retries
    self.waitSeconds = waitSeconds
  }

  /// How a try ended.
  package enum Ending: Sendable, Equatable, CustomStringConvertible {
    case done
    case failed(code: Int32)
    case killed(signal: Int32)
    case overran(seconds: Double)
    case notStarted(String)
    /// Somebody asked for an end while it ran, or while the next try was waited for.
    case stopped

    package var description: String {
      switch self {
      case .done: "done"
      case .failed(let code): "failed with exit code \(code)"
      case .killed(let signal): "was ended by signal \(signal)"
      case .overran(let seconds): "was ended, since it took longer than \(DeadlinePlan.text(seconds))"
      case .notStarted(let reason): "could not be started: \(reason)"
      case .stopped: "was stopped"
      }
    }
  }

  /// What is kept of what it says, both streams together; the rest is read and forgotten.
  package static let keptBytes = 1 << 20
  /// What of the environment it gets: no key and no token of the one who started this program.
  static let passedOn = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR"]
  private static let secondsToEnd = 2.0
  /// Between two tries, whatever they have doubled to.
  private static let longestWaitSeconds = 60.0

  /// Runs it, once more for each retry that is needed. variables: what it is told besides. output: a file that takes what it says, anew for each try.
  /// shouldStop: whether somebody asks for an end; it is then ended as one that takes too long.
  package func run(
    variables: [String: String] = [:], output: String, shouldStop: () -> Bool = { false }
  ) -> (ending: Ending, tries: Int) {
    var wait = waitSeconds
    var ending = Ending.notStarted("")
    for number in 1...retries + 1 {
      if number > 1 {
        let begin = MonotonicClock.seconds
        while MonotonicClock.seconds - begin < min(wait, Hook.longestWaitSeconds) {
          if shouldStop() { return (.stopped, number - 1) }
          usleep(UInt32(1e6 * min(0.05, max(0, wait))))
        }
        wait *= 2
      }
      ending = runOnce(variables, output, shouldStop)
      if ending == .done || ending == .stopped { return (ending, number) }
    }
    return (ending, retries + 1)
  }

  private func runOnce(_ variables: [String: String], _ output: String, _ shouldStop: () -> Bool) -> Ending {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return .notStarted(String(cString: strerror(errno))) }
    defer { close(ends[0]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // The reader never waits: what holds the other end may outlive the program.
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    let process: pid_t
    switch start(variables, writeEnd: ends[1]) {
    case .success(let started): process = started
    case .failure(let failure):
      close(ends[1])
      return .notStarted(failure.reason)
    }
    close(ends[1])
    var said: [UInt8] = []
    let begin = MonotonicClock.seconds
    var (asked, ended, stopped) = (false, false, false)
    var limit = limitSeconds
    var status: Int32 = 0
    while true {
      drain(ends[0], into: &said)
      // Not reaped yet, so that its number, and its group's, is nobody else's.
      var news = siginfo_t()
      if waitid(P_PID, id_t(process), &news, WEXITED | WNOHANG | WNOWAIT) == 0, news.si_signo == SIGCHLD { break }
      let elapsed = MonotonicClock.seconds - begin
      if !asked, shouldStop() { (limit, stopped) = (min(limit, elapsed), true) }
      if elapsed >= limit, !asked {
        kill(-process, SIGTERM)
        asked = true
      }
      if elapsed > limit + Hook.secondsToEnd, !ended {
        kill(-process, SIGKILL)
        ended = true
      }
      usleep(5000)
    }
    // What it left running in the background goes with it.
    kill(-process, SIGKILL)
    waitpid(process, &status, 0)
    drain(ends[0], into: &said)
    try? AtomicWrite.write(said, to: output)
    if stopped { return .stopped }
    if asked { return .overran(seconds: limitSeconds) }
    if status & 0x7F != 0 { return .killed(signal: status & 0x7F) }
    let code = (status >> 8) & 0xFF
    return code == 0 ? .done : .failed(code: code)
  }

  private struct StartFailure: Error { let reason: String }

  private func start(_ variables: [String: String], writeEnd: Int32) -> Result<pid_t, StartFailure> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, writeEnd, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, writeEnd, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var told = variables
    for name in Hook.passedOn {
      if let value = getenv(name) { told[name] = String(cString: value) }
    }
    var arguments = words.map { strdup($0) } + [nil]
    var environment = told.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var process = pid_t()
    let code = posix_spawnp(&process, words[0], &actions, &attributes, &arguments, &environment)
    return code == 0 ? .success(process) : .failure(StartFailure(reason: String(cString: strerror(code))))
  }

  /// Reads what there is, and keeps the beginning.
  private func drain(_ descriptor: Int32, into said: inout [UInt8]) {
    var block = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<1024 {
      let count = read(descriptor, &block, block.count)
      guard count > 0 else { return }
      said += block.prefix(min(count, Hook.keptBytes - said.count))
    }
  }
}
