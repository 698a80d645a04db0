// The process that reads: it may die of an input, and then its parent knows of which.

import Glibc
import Kernels
import Storage
import TestSupport

/// What a worker is asked to do, as its command line says it.
struct Assignment {
  var subject: any Subject.Type
  /// Where the corpus lies; its folder of the subject's name joins the seeds, or is replayed.
  var corpus: String
  var replays = false
  var seed: UInt64 = 0
  var first = 0
  var count = 0
  /// Gets the worker's progress and the bytes of each input before it is read.
  var note: String
  var limitSeconds = 10
  var limitMebibytes = 512

  var words: [String] {
    [
      "--work", subject.name, "--corpus", corpus, "--seed", "\(seed)", "--first", "\(first)", "--count", "\(count)",
      "--note", note, "--limit-seconds", "\(limitSeconds)", "--limit-mebibytes", "\(limitMebibytes)",
    ] + (replays ? ["--replay"] : [])
  }
}

/// The files of a corpus, by name.
struct Corpus {
  let files: [(name: String, bytes: [UInt8])]

  init(_ folder: String, of subject: any Subject.Type) throws {
    let path = folder + "/" + subject.name
    let names = access(path, F_OK) == 0 ? try FileSystem.names(inFolder: path) : []
    files = try names.filter { !$0.hasPrefix(".") }.map { ($0, try FileSystem.read(path + "/" + $0)) }
  }
}

struct Worker {
  /// A value that must not be; what it is stands on standard error.
  static let findingCode: Int32 = 3

  static func run(_ assignment: Assignment) throws {
    Fault.printStacks()
    let subject = try assignment.subject.init()
    let corpus = try Corpus(assignment.corpus, of: assignment.subject)
    let seeds = try subject.seeds()
    let pool = Pool(documents: seeds + corpus.files.map(\.bytes), seedCount: seeds.count)
    let note = open(assignment.note, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard note >= 0 else { throw SystemError(action: "open \(assignment.note)", code: errno) }
    var progress = Progress()
    let end = assignment.replays ? corpus.files.count : assignment.first + assignment.count
    // Seeds are read first: a reader that refuses whole documents is not being tested.
    if !assignment.replays, assignment.first == 0 {
      for seed in seeds {
        guard try subject.read(seed) == .read else { throw Finding(reason: "a whole document is refused") }
      }
    }
    let bound = max(assignment.limitMebibytes << 10, peakKibibytes() + (assignment.limitMebibytes << 10) / 2)
    for index in assignment.first..<max(end, assignment.first) {
      progress.index = index
      write(note, progress, [])
      let bytes =
        assignment.replays
        ? corpus.files[index].bytes
        : try subject.input(
          RandomStream(seed: assignment.seed, purpose: .mutation, lane: UInt32(index)), pool: pool)
      write(note, progress, bytes)
      armTimer(seconds: assignment.limitSeconds)
      let start = cpuMicroseconds()
      let verdict = try subject.read(bytes)
      progress.slowestMicroseconds = max(progress.slowestMicroseconds, cpuMicroseconds() - start)
      progress.peakKibibytes = peakKibibytes()
      if verdict == .read { progress.read += 1 }
      if assignment.replays, !corpus.files[index].name.hasPrefix(verdict.rawValue + "-") {
        throw Finding(reason: "\(corpus.files[index].name) is \(verdict.rawValue)")
      }
      guard progress.peakKibibytes <= bound else {
        throw Finding(reason: "memory grew to \(progress.peakKibibytes >> 10) MiB, beyond \(bound >> 10)")
      }
    }
    armTimer(seconds: 0)
    write(note, progress, [])
  }

  /// How far a worker came. It stands in front of the input at hand, so that it is known of one that dies, too.
  struct Progress {
    /// Of the input at hand.
    var index = 0
    var read = 0
    var slowestMicroseconds = 0
    var peakKibibytes = 0

    static let byteCount = 32

    init() {}

    init(_ bytes: ArraySlice<UInt8>) {
      func word(_ place: Int) -> Int {
        bytes.dropFirst(8 * place).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      }
      (index, read, slowestMicroseconds, peakKibibytes) = (word(0), word(1), word(2), word(3))
    }

    var bytes: [UInt8] {
      [index, read, slowestMicroseconds, peakKibibytes].flatMap { word in
        (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
      }
    }
  }

  private static func write(_ note: Int32, _ progress: Progress, _ bytes: [UInt8]) {
    let content = progress.bytes + bytes
    guard pwrite(note, content, content.count, 0) == content.count, ftruncate(note, off_t(content.count)) == 0 else {
      fatalError("cannot note the input: \(String(cString: strerror(errno)))")
    }
  }

  /// What a worker noted.
  static func noted(_ path: String) -> (progress: Progress, bytes: [UInt8])? {
    guard let content = try? FileSystem.read(path), content.count >= Progress.byteCount else { return nil }
    return (Progress(content.prefix(Progress.byteCount)), Array(content.dropFirst(Progress.byteCount)))
  }

  /// Processor time, so that a busy machine does not make an input slow. 0 disarms.
  private static func armTimer(seconds: Int) {
    var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }

  private static func cpuMicroseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }

  private static func peakKibibytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss
  }
}
