// Sends workers through all inputs and collects those that they die of.

import Glibc
import Storage
import TestSupport

/// An input that a reader fell over.
struct Offender {
  let index: Int
  let bytes: [UInt8]
  let fault: Fault
}

/// What came of one reader.
struct Tally {
  let subject: any Subject.Type
  var inputs = 0
  var read = 0
  var slowestMicroseconds = 0
  var peakKibibytes = 0
  var offenders: [Offender] = []
}

struct Supervisor {
  let options: Options
  /// Inputs for one process: a process that dies takes the others' numbers with it.
  private static let batch = 1000
  /// More of one reader teach nothing new.
  private static let mostOffenders = 20
  /// Wall-clock time of one batch, on a machine that does much else.
  private static let patienceSeconds = 900

  /// Goes through all readers, as many at a time as there are processors.
  func run() throws -> [Tally] {
    let notes = try TemporaryFolder()
    var waiting = try options.subjects.reversed().map { try Course($0, options, note: notes.place($0.name)) }
    var running: [Course] = []
    var done: [Course] = []
    while !waiting.isEmpty || !running.isEmpty {
      while running.count < options.processes, let next = waiting.popLast() { running.append(next) }
      for course in running { try course.advance() }
      done += running.filter(\.isDone)
      running.removeAll(where: \.isDone)
      usleep(2000)
    }
    return options.subjects.compactMap { type in done.first { $0.tally.subject == type }?.tally }
  }

  /// One reader on its way.
  private final class Course {
    private(set) var tally: Tally
    private var assignment: Assignment
    private let total: Int
    private var program: RunningProgram?
    private var started = time(nil)

    var isDone: Bool {
      assignment.first >= total || tally.offenders.count >= Supervisor.mostOffenders
    }

    init(_ subject: any Subject.Type, _ options: Options, note: String) throws {
      tally = Tally(subject: subject)
      assignment = Assignment(
        subject: subject, corpus: options.corpus, replays: options.replays, seed: options.seed, note: note,
        limitSeconds: options.limitSeconds, limitMebibytes: options.limitMebibytes)
      total = options.replays ? try Corpus(options.corpus, of: subject).files.count : options.iterations
    }

    /// Starts the next batch, or looks whether the one that runs has ended.
    func advance() throws {
      guard let program else {
        assignment.count = min(Supervisor.batch, total - assignment.first)
        started = time(nil)
        self.program = try Program.fuzz.start(assignment.words)
        return
      }
      if program.isRunning {
        if time(nil) - started > Supervisor.patienceSeconds { program.send(SIGKILL) }
        return
      }
      self.program = nil
      let outcome = try program.wait()
      // What stands there may be the last one's.
      guard let (progress, bytes) = Worker.noted(assignment.note), progress.index >= assignment.first else {
        throw Finding(reason: "a worker died before its first input: \(outcome)")
      }
      tally.read += progress.read
      tally.slowestMicroseconds = max(tally.slowestMicroseconds, progress.slowestMicroseconds)
      tally.peakKibibytes = max(tally.peakKibibytes, progress.peakKibibytes)
      if outcome.exitCode == 0 {
        tally.inputs += assignment.count
        assignment.first += assignment.count
      } else {
        let fault = Fault(outcome)
        tally.offenders.append(Offender(index: progress.index, bytes: bytes, fault: fault))
        tally.inputs += progress.index - assignment.first + 1
        assignment.first = progress.index + 1
      }
    }
  }
}
