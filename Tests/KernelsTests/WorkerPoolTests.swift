// The team of threads: every task once, closures that are lent, and no second entry.

import Glibc
import OpCases
import Synchronization
import Testing

@testable import Kernels

struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 5])
  func `every task runs once, whatever the team`(workerCount: Int) {
    let pool = WorkerPool(workerCount: workerCount)
    for round in 0..<200 {
      let taskCount = round % 23
      let counts = FencedBuffer([Float](repeating: 0, count: taskCount))
      let base = counts.base
      pool.run(taskCount: taskCount) { task, worker in
        precondition((0..<workerCount).contains(worker))
        base[task] += 1
      }
      #expect(counts.isIntact)
      #expect(counts.array.allSatisfy { $0 == 1 })
    }
  }

  // That a run allocates nothing cannot be counted here: other tests allocate in the same process meanwhile. What can be tested is
  // what replaced the allocation: a closure whose captured values stay where the caller keeps them.
  @Test(arguments: [1, 2, 3], ClosureLoan.allCases)
  func `tasks read and write what the caller captured`(workerCount: Int, loan: ClosureLoan) {
    let pool = WorkerPool(workerCount: workerCount, loan: loan)
    for round in 0..<2_000 {
      let counts = FencedBuffer([Float](repeating: 0, count: 4))
      let base = counts.base
      let offset = Float(round)
      let scale = Float(round % 7)
      let words = ["captured \(round)"]
      var caller = 0
      pool.run(taskCount: 4) { task, worker in
        base[task] = offset + scale * Float(task) + Float(words[0].utf8.count)
        if worker == 0 { caller += 1 }
      }
      let length = Float("captured \(round)".utf8.count)
      #expect(counts.array == (0..<4).map { offset + scale * Float($0) + length })
      #expect((0...4).contains(caller) && (workerCount > 1 || caller == 4))
    }
  }

  @Test(arguments: ClosureLoan.allCases)
  func `tasks of objects that are let go at once`(loan: ClosureLoan) {
    let pool = WorkerPool(workerCount: 2, loan: loan)
    final class Cell: @unchecked Sendable {
      let values: UnsafeMutablePointer<Int> = .allocate(capacity: 8)
      deinit { values.deallocate() }
    }
    for round in 0..<2_000 {
      let cell = Cell()
      weak let watched = cell
      pool.run(taskCount: 8) { task, _ in cell.values[task] = task * round }
      #expect((0..<8).allSatisfy { cell.values[$0] == $0 * round })
      #expect(watched != nil)
    }
  }

  @Test func `denormals are zero inside and kept outside`() {
    let pool = WorkerPool(workerCount: 2)
    let results = FencedBuffer(count: 8)
    let base = results.base
    // Read through memory, so that the division happens at run time.
    let small = FencedBuffer([Float.leastNormalMagnitude])
    let input = small.base
    pool.run(taskCount: 8) { task, _ in base[task] = input[0] / 4 }
    #expect(results.array.allSatisfy { $0 == 0 })
    #expect(input[0] / 4 > 0)
  }

  /// A function that captures its place and is generic, so that it reaches the team through whatever the compiler puts between.
  private func results<Number: BinaryFloatingPoint>(_ pool: WorkerPool?, _ count: Int, scale: Number) -> [Number] {
    var results = [Number](repeating: 0, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      let base = buffer.baseAddress
      func work(_ task: Int, _ worker: Int) {
        guard let base else { return }
        base[task] = 1
        for step in 1...(50 + task) { base[task] = (base[task] + scale / Number(step)).squareRoot() }
      }
      if let pool { pool.run(taskCount: count, work) } else { for task in 0..<count { work(task, 0) } }
    }
    return results
  }

  @Test func `every way of lending a closure gives the bits of a plain loop`() {
    #if BOXED_CLOSURES
      #expect(ClosureLoan.allCases == [.box])
    #else
      #expect(ClosureLoan.allCases == [.words, .box] && ClosureLoan.standard == .words)
    #endif
    for workerCount in 1...4 {
      let pools = ClosureLoan.allCases.map { WorkerPool(workerCount: workerCount, loan: $0) }
      for count in [0, 1, 2, 7, 64] {
        let singles = results(nil, count, scale: 1.5 as Float)
        let doubles = results(nil, count, scale: 1.5 as Double)
        for pool in pools {
          for _ in 0..<50 {
            #expect(results(pool, count, scale: 1.5 as Float) == singles)
            #expect(results(pool, count, scale: 1.5 as Double) == doubles)
          }
        }
      }
    }
  }

  // MARK: Entered twice

  @Test func `a team is not entered from inside its tasks`() async {
    await #expect(processExitsWith: .failure) {
      let pool = WorkerPool(workerCount: 2)
      pool.run(taskCount: 2) { _, _ in pool.run(taskCount: 2) { _, _ in } }
    }
    await #expect(processExitsWith: .failure) {
      let pool = WorkerPool(workerCount: 1)
      pool.run(taskCount: 1) { _, _ in pool.run(taskCount: 1) { _, _ in } }
    }
  }

  @Test func `a team is not entered from two threads at once`() async {
    await #expect(processExitsWith: .failure) {
      let (callers, shared) = (WorkerPool(workerCount: 2), WorkerPool(workerCount: 1))
      let arrived = Atomic<Int>(0)
      callers.run(taskCount: 2) { _, _ in
        arrived.wrappingAdd(1, ordering: .releasing)
        while arrived.load(ordering: .acquiring) < 2 { sched_yield() }
        shared.run(taskCount: 1) { _, _ in sleep(5) }
      }
    }
  }

  /// One after the other is what a team is for, whoever asks; and a team inside another one is two teams.
  @Test func `teams are entered again and inside each other`() async {
    await #expect(processExitsWith: .success) {
      let (outer, inner) = (WorkerPool(workerCount: 2), WorkerPool(workerCount: 2))
      for _ in 0..<100 {
        outer.run(taskCount: 1) { _, _ in inner.run(taskCount: 2) { _, _ in } }
        inner.run(taskCount: 2) { _, _ in }
      }
    }
  }
}
