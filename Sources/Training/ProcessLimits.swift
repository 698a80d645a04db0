// What the system allows this process, looked at before it is asked for: threads, address space, processors.

private import Glibc
private import Kernels
private import Networks
private import Storage

/// The limits of this process (`ulimit`) and of its control groups.
package enum ProcessLimits {
  /// Processors that this process may use at a time: those that it may run on, and no more than its control groups give time for.
  package static var processors: Int { processors(ControlGroups().processors) }

  static func processors(_ share: Double?) -> Int {
    let available = WorkerPool.availableProcessors
    guard let share, share < Double(available) else { return available }
    return max(1, Int(share.rounded(.up)))
  }

  // MARK: Address space

  /// Of a process's limits, in bytes; nil where there is none.
  package struct AddressSpace: Sendable, Equatable {
    /// `ulimit -v`.
    package var limitBytes: Int?
    package var usedBytes: Int
    /// Buffers of the matrix library among them that a worker will use again.
    package var buffersHeld = 0
    /// What is left below the limit.
    package var leftBytes: Int? { limitBytes.map { max(0, $0 - usedBytes) } }

    package init(limitBytes: Int?, usedBytes: Int, buffersHeld: Int = 0) {
      (self.limitBytes, self.usedBytes, self.buffersHeld) = (limitBytes, usedBytes, buffersHeld)
    }

    /// That of this process.
    package static var own: AddressSpace {
      let pages = (try? FileSystem.read("/proc/self/statm")).flatMap {
        Int(String(decoding: $0.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self))
      }
      return AddressSpace(
        limitBytes: softLimit(RLIMIT_AS), usedBytes: (pages ?? 0) * sysconf(Int32(_SC_PAGESIZE)),
        buffersHeld: MatrixProduct.buffersHeld)
    }
  }

  /// Beside what is planned: what the program, the libraries and the threads take as they go.
  private static let spareBytes = 64 << 20
  /// With a thread's stack.
  private static let bytesOfWorker = MatrixProduct.bufferBytes + 8 << 20

  /// How many of `wanted` workers there is address space for, beside `plannedBytes` of the run's own. Throws where there is not room for one:
  /// the matrix library would ask for its buffer for ever.
  package static func workers(
    upTo wanted: Int, plannedBytes: Double = 0, in space: AddressSpace = .own
  ) throws(TrainingError) -> Int {
    let own = Int(exactly: min(plannedBytes, 0x1p60).rounded(.up)) ?? 0
    var possible = wanted
    let held = space.buffersHeld
    if let left = space.leftBytes {
      possible = min(possible, max(0, left + held * MatrixProduct.bufferBytes - own - spareBytes) / bytesOfWorker)
    }
    possible = min(possible, held + MatrixProduct.buffers(upTo: max(0, possible - held)))
    guard possible < 1 else { return possible }
    let buffer = MatrixProduct.bufferBytes >> 20
    guard let limit = space.limitBytes else {
      throw .noRoom(
        "the matrix library needs \(buffer) MiB of address space for every thread that multiplies, and the system does not "
          + "give them; close other programs, or raise ulimit -d, or allow overcommitment (vm.overcommit_memory)")
    }
    // The next start may take a little more than this one has by now.
    let (needed, overflow) = (space.usedBytes - held * MatrixProduct.bufferBytes + 3 * spareBytes / 2 + bytesOfWorker)
      .addingReportingOverflow(own)
    throw .noRoom(
      "the limit of address space, ulimit -v \(limit >> 10), leaves no room for the \(buffer) MiB that the matrix library needs "
        + "for every thread that multiplies; raise it to at least \((overflow ? .max : needed) >> 10 + 1), or lift it with "
        + "ulimit -v unlimited")
  }

  /// Throws where not a single thread could multiply.
  package static func requireProducts() throws(TrainingError) { _ = try workers(upTo: 1) }

  // MARK: Threads

  /// A sentence where fewer workers than wanted do a run's work; nil where all do. `room`: those that there is address space for;
  /// `started`: how many there are.
  static func note(wanted: Int, room: Int, started: Int, groups: ControlGroups = ControlGroups()) -> String? {
    guard started < wanted else { return nil }
    let space = softLimit(RLIMIT_AS).map { "ulimit -v is \($0 >> 10)" } ?? "it gives no more address space"
    let limit = started < room ? limits(groups).joined(separator: ", ") : space
    return
      "note: \(started) of \(wanted) workers could be started, since the system allows no more (\(limit)); the run takes longer "
      + "and its numbers stay the same. Raise that limit, or set run.workers=\(started)"
  }

  /// The limits of threads and of what a thread needs, as their users name them.
  static func limits(_ groups: ControlGroups) -> [String] {
    var found: [String] = []
    if let tasks = groups.tasks { found.append("\(tasks.file) is \(tasks.limit), of which \(tasks.left) are left") }
    if let processes = softLimit(__RLIMIT_NPROC) { found.append("ulimit -u is \(processes)") }
    if let space = softLimit(RLIMIT_AS) { found.append("ulimit -v is \(space >> 10)") }
    if found.isEmpty { found.append("kernel.threads-max, or what memory is left") }
    return found
  }

  /// A soft limit; nil where there is none.
  private static func softLimit(_ resource: __rlimit_resource) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
    // No limit is the largest number.
    return Int(exactly: limit.rlim_cur)
  }
}
