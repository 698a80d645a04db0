// Fixed threads that share out numbered tasks.

import CKernels
import Glibc
import Synchronization

/// A fixed team of threads. The caller is worker 0; `run` returns when every task is done.
///
/// Which worker takes which task is not fixed, so a task's result must depend on its number alone. Inside `run` denormals are read
/// and written as zero on every thread (a few of them slow a backward pass by seven times); outside they are left as they were.
/// `run` traps where it is called from inside a task, or from two threads at once.
package final class WorkerPool: @unchecked Sendable {
  /// Workers that there are, the caller among them; fewer than were asked for where the system started no more threads.
  package private(set) var workerCount: Int

  /// Cores that this process may run on; at least 1.
  package static var availableProcessors: Int { max(1, Int(ckernels_available_processors())) }

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private let generation = Atomic<Int>(0)
  private let nextTask = Atomic<Int>(0)
  private let busyWorkers = Atomic<Int>(0)
  private let isStopping = Atomic<Bool>(false)
  private var taskCount = 0
  private let isEntered = Atomic<Bool>(false)
  private let loan: ClosureLoan
  /// The closure being run, lent for the length of `shareOut`.
  private var body: UnsafeRawPointer?
  private var threads: [pthread_t] = []

  /// Spins this often before it sleeps: about the length of the gaps between the products of one step.
  private static let spinCount = 2_000

  /// A team of `workerCount` (at least 1), the caller included, or of as many as the system starts: results do not depend on how many work.
  /// `loan`: how the other threads reach what is run.
  package init(workerCount: Int, loan: ClosureLoan = .standard) {
    precondition(workerCount >= 1, "a team of \(workerCount) workers")
    self.workerCount = workerCount
    self.loan = loan
    mutex = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    for worker in 1..<workerCount {
      let start = Unmanaged.passRetained(Start(pool: self, worker: worker))
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { context in
          let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
          // Unowned: a pool stops and joins its threads before it goes away.
          start.pool.takeUnretainedValue().work(as: start.worker)
          return nil
        }, start.toOpaque())
      guard status == 0 else {
        start.release()
        break
      }
      threads.append(thread)
    }
    // No thread reads it: they are told what to do by `run`.
    self.workerCount = 1 + threads.count
  }

  deinit {
    pthread_mutex_lock(mutex)
    isStopping.store(true, ordering: .releasing)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    for thread in threads { pthread_join(thread, nil) }
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  /// Runs `body(task, worker)` for every task in 0 ..< taskCount and returns when all are done. Traps where the team is at work already,
  /// one of a single worker too: what it would do right, a larger one would not.
  package func run(taskCount: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    precondition(
      !isEntered.exchange(true, ordering: .acquiring),
      "a team of workers was entered while it is at work; give what runs beside it or inside it a team of its own")
    defer { isEntered.store(false, ordering: .releasing) }
    let controlWord = ckernels_control_word()
    ckernels_set_control_word(ckernels_flushing(controlWord))
    defer { ckernels_set_control_word(controlWord) }
    guard workerCount > 1, taskCount > 1 else {
      for task in 0..<taskCount { body(task, 0) }
      return
    }
    self.taskCount = taskCount
    loan.lend(body, to: self)
  }

  /// Wakes the team, works along, and returns when all tasks are done: nobody holds the closure any more.
  func shareOut(_ closure: UnsafeRawPointer) {
    body = closure
    nextTask.store(0, ordering: .relaxed)
    busyWorkers.store(workerCount - 1, ordering: .relaxed)
    pthread_mutex_lock(mutex)
    generation.wrappingAdd(1, ordering: .releasing)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    takeTasks(as: 0)
    var spins = 0
    while busyWorkers.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > WorkerPool.spinCount { sched_yield() }
    }
    body = nil
  }

  private func work(as worker: Int) {
    ckernels_set_control_word(ckernels_flushing(ckernels_control_word()))
    var seen = 0
    while true {
      var spins = 0
      while generation.load(ordering: .acquiring) == seen, spins < WorkerPool.spinCount { spins += 1 }
      if generation.load(ordering: .acquiring) == seen {
        pthread_mutex_lock(mutex)
        while generation.load(ordering: .acquiring) == seen, !isStopping.load(ordering: .acquiring) {
          pthread_cond_wait(wake, mutex)
        }
        pthread_mutex_unlock(mutex)
      }
      if isStopping.load(ordering: .acquiring) { return }
      seen = generation.load(ordering: .acquiring)
      takeTasks(as: worker)
      busyWorkers.wrappingSubtract(1, ordering: .releasing)
    }
  }

  private func takeTasks(as worker: Int) {
    guard let body else { return }
    let count = taskCount
    while true {
      let task = nextTask.wrappingAdd(1, ordering: .relaxed).oldValue
      guard task < count else { return }
      loan.call(body, task, worker)
    }
  }

  /// What a new thread is told.
  private final class Start {
    let pool: Unmanaged<WorkerPool>
    let worker: Int

    init(pool: WorkerPool, worker: Int) {
      self.pool = .passUnretained(pool)
      self.worker = worker
    }
  }
}
