// The built programs, run from outside.

package import Glibc

/// A program of this package.
package enum Program: String, Sendable {
  case strikeforge
  case serve = "strikeforge-serve"
  case benchmark
  /// Of the tests' own: the product with a toy environment and a toy algorithm more.
  case toy = "toy-strikeforge"
  case ledgerWriter = "ledger-writer"
  /// Of the tests' own: damaged files for every reader.
  case fuzz

  /// Where it lies: in the folder that the environment variable STRIKEFORGE_PROGRAMS names, else beside the test program.
  package var path: String {
    if let folder = getenv("STRIKEFORGE_PROGRAMS") { return String(cString: folder) + "/" + rawValue }
    var link = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &link, link.count)
    let test = String(decoding: link[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "/" + (test.split(separator: "/").dropLast() + [Substring(rawValue)]).joined(separator: "/")
  }

  /// Starts it with `folder` as its working directory and `input` on its standard input. `output`: where its standard output goes instead of
  /// into the outcome. `environment`: variables beside those of the tests. `fileLimitBytes`: what no file that it writes may outgrow. `isIdle`: it runs only where nothing
  /// else would, so that a test that watches it is never late.
  package func start(
    _ arguments: [String], in folder: String = "/", input: String = "", output: String? = nil,
    environment: [String: String] = [:], fileLimitBytes: Int? = nil, isIdle: Bool = false
  ) throws -> RunningProgram {
    try Program.start(
      path, named: rawValue, arguments, in: folder, input: input, output: output, environment: environment,
      fileLimitBytes: fileLimitBytes, isIdle: isIdle)
  }

  /// The same for any program or script at a path.
  package static func start(
    _ path: String, named name: String, _ arguments: [String], in folder: String = "/", input: String = "",
    output: String? = nil, environment: [String: String] = [:], fileLimitBytes: Int? = nil, isIdle: Bool = false
  ) throws -> RunningProgram {
    let streams = try TemporaryFolder()
    try streams.write(input, to: "in")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let new = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, streams.place("in"), O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output ?? streams.place("out"), new, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, streams.place("err"), new, 0o600)
    // A test's thread may block signals; the program must begin as one that a shell started.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    // `env` changes into the folder and becomes the program.
    let launcher = "/usr/bin/env"
    let variables = environment.map { $0.key + "=" + $0.value }
    let limit = fileLimitBytes.map { ["prlimit", "--fsize=\($0)"] } ?? []
    let schedule = isIdle ? ["chrt", "--idle", "0"] : []
    var words =
      ([launcher, "-C", folder] + variables + schedule + limit + [path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process = pid_t()
    let code = posix_spawn(&process, launcher, &actions, &attributes, &words, environ)
    guard code == 0 else { throw SystemError(action: "start \(path)", code: code) }
    return RunningProgram(process, streams: streams, command: ([name] + arguments).joined(separator: " "))
  }

  /// Runs it to its end.
  package func run(
    _ arguments: [String], in folder: String = "/", input: String = "", output: String? = nil,
    environment: [String: String] = [:], fileLimitBytes: Int? = nil
  ) throws -> ProgramOutcome {
    try start(
      arguments, in: folder, input: input, output: output, environment: environment, fileLimitBytes: fileLimitBytes
    ).wait()
  }
}

/// A started program. It is killed when nobody holds it any more.
package final class RunningProgram {
  package let process: pid_t
  private let streams: TemporaryFolder
  private let command: String
  private var status: Int32?

  fileprivate init(_ process: pid_t, streams: TemporaryFolder, command: String) {
    self.process = process
    self.streams = streams
    self.command = command
  }

  deinit {
    guard status == nil else { return }
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }

  /// What it wrote to its standard output so far.
  package var output: String { (try? streams.read("out")) ?? "" }

  package var isRunning: Bool {
    guard status == nil else { return false }
    var found: Int32 = 0
    guard waitpid(process, &found, WNOHANG) == process else { return true }
    status = found
    return false
  }

  /// From now on no file that it writes may outgrow this.
  package func limitFiles(toBytes bytes: Int) throws {
    // GNU's own function, which Swift's Glibc leaves out.
    typealias SetLimit = @convention(c) (pid_t, Int32, UnsafePointer<rlimit>?, UnsafeMutablePointer<rlimit>?) -> Int32
    var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: rlim_t(bytes))
    guard let setLimit = dlsym(nil, "prlimit").map({ unsafeBitCast($0, to: SetLimit.self) }),
      setLimit(process, Int32(RLIMIT_FSIZE.rawValue), &limit, nil) == 0
    else { throw SystemError(action: "limit the files of process \(process)", code: errno) }
  }

  package func send(_ signal: Int32) { if isRunning { kill(process, signal) } }

  /// Looks every millisecond until `condition` holds or the program has ended; whether it holds.
  package func wait(
    patienceMilliseconds: Int = RunningProgram.patienceMilliseconds, until condition: () -> Bool
  ) throws -> Bool {
    for _ in 0..<patienceMilliseconds {
      if condition() { return true }
      if !isRunning { return condition() }
      usleep(1000)
    }
    throw SystemError(action: "wait any longer for something in `\(command)`", code: ETIMEDOUT)
  }

  /// Waits for its end. A program that does not end is killed, and its test fails.
  package func wait(patienceMilliseconds: Int = RunningProgram.patienceMilliseconds) throws -> ProgramOutcome {
    let hasEnded = try wait(patienceMilliseconds: patienceMilliseconds) { !isRunning }
    guard hasEnded, let status else { throw SystemError(action: "wait for `\(command)`", code: ECHILD) }
    let signal = status & 0x7F
    return ProgramOutcome(
      command: command, exitCode: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal == 0 ? nil : signal,
      output: output, errors: try streams.read("err"))
  }

  /// Far beyond what any test needs, also on a machine that does much else, while a program that runs in idle time stands still.
  package static let patienceMilliseconds = 900_000
}

/// How a program ended and what it said.
package struct ProgramOutcome: Sendable, CustomStringConvertible {
  package let command: String
  /// Nil where a signal ended it.
  package let exitCode: Int32?
  package let signal: Int32?
  package let output: String
  package let errors: String

  package var lines: [String] { output.split(separator: "\n").map(String.init) }
  package var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

  package var description: String {
    let ending = exitCode.map { "exit code \($0)" } ?? "signal \(signal ?? 0)"
    return "`\(command)`: \(ending), standard error: \(errors.isEmpty ? "nothing" : errors)"
  }
}
