// Writes checkpoints while their run goes on.

private import Glibc
private import Synchronization

/// One save at a time, on a thread of its own. What is saved is a copy, so that the learner is held up by that copy alone; where the one before is not
/// yet safely in place, the next waits for it, and none is lost. Used from one thread.
package final class CheckpointWriter {
  /// One save: what is written, and what became of it.
  private final class Job: Sendable {
    private let body: @Sendable () throws(StorageError) -> Void
    private let outcome = Mutex<StorageError?>(nil)
    private let isDone = Atomic<Bool>(false)

    init(_ body: @escaping @Sendable () throws(StorageError) -> Void) { self.body = body }

    func run() {
      do throws(StorageError) {
        try body()
      } catch {
        outcome.withLock { $0 = error }
      }
      isDone.store(true, ordering: .releasing)
    }

    var hasEnded: Bool { isDone.load(ordering: .acquiring) }
    var failure: StorageError? { outcome.withLock { $0 } }
  }

  private let store: CheckpointStore
  private var job: Job?
  private var thread: pthread_t?

  package init(_ store: CheckpointStore) { self.store = store }

  /// A process that ends without `finish` still ends with a whole file.
  deinit { join() }

  /// Begins to write a checkpoint as the best, as that of a step, or as both, in this order; older ones are removed once it is in place. Waits until
  /// the save before is in place, and throws what went wrong with that.
  package func save(_ checkpoint: Checkpoint, asBest: Bool, step: Int?) throws(StorageError) {
    try finish()
    let store = store
    let job = Job { () throws(StorageError) in try store.save(checkpoint, asBest: asBest, step: step) }
    self.job = job
    let context = Unmanaged.passRetained(job)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Job>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    if status == 0 {
      self.thread = thread
    } else {
      // Where no more threads may be started, the run waits.
      context.release()
      job.run()
    }
  }

  /// Whether nothing is being written.
  package var isIdle: Bool { job == nil }

  /// Throws what went wrong with a save that has ended meanwhile; does not wait.
  package func check() throws(StorageError) {
    if let job, job.hasEnded { try finish() }
  }

  /// Waits until everything is flushed and renamed, and throws what went wrong.
  package func finish() throws(StorageError) {
    join()
    let failure = job?.failure
    job = nil
    if let failure { throw failure }
  }

  private func join() {
    guard let thread else { return }
    pthread_join(thread, nil)
    self.thread = nil
  }
}
