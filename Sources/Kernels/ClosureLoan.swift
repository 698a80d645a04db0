// How a closure that does not escape reaches other threads for the length of a call.

import CKernels

/// A way of lending. Both do the same; `swift build -Xswiftc -DBOXED_CLOSURES` leaves the second alone, for a compiler that passes closures
/// in another way than the first expects.
package enum ClosureLoan: CaseIterable, Sendable {
  #if !BOXED_CLOSURES
    /// The closure's two words, taken apart by a function in C: nothing is allocated.
    case words
  #endif
  /// A box that the language makes: an allocation for each run.
  case box

  /// The one that costs less of those that were compiled.
  package static let standard = allCases[0]

  typealias Body = (_ task: Int, _ worker: Int) -> Void

  private struct Box {
    let body: Body
  }

  /// Calls `pool.shareOut` with what `call` takes. It is good until this returns; other threads may call it meanwhile.
  func lend(_ body: Body, to pool: WorkerPool) {
    switch self {
    #if !BOXED_CLOSURES
      case .words:
        lendClosure(body, Unmanaged.passUnretained(pool).toOpaque()) { pool, closure in
          Unmanaged<WorkerPool>.fromOpaque(pool).takeUnretainedValue().shareOut(UnsafeRawPointer(closure))
        }
    #endif
    case .box:
      withoutActuallyEscaping(body) { body in
        withUnsafePointer(to: Box(body: body)) { pool.shareOut(UnsafeRawPointer($0)) }
      }
    }
  }

  /// Calls a closure that was lent in this way.
  func call(_ lent: UnsafeRawPointer, _ task: Int, _ worker: Int) {
    switch self {
    #if !BOXED_CLOSURES
      case .words: ckernels_call_closure(lent.assumingMemoryBound(to: ckernels_closure.self), task, worker)
    #endif
    case .box: lent.assumingMemoryBound(to: Box.self).pointee.body(task, worker)
    }
  }
}

#if !BOXED_CLOSURES
  /// Calls `use` with `receiver` and the two words of `body`, which are good until `use` returns; other threads may call them meanwhile.
  ///
  /// Implemented in C, where a closure argument is what the Swift calling convention makes of it: a function and its context. Swift has
  /// no spelling for a pointer to a closure that does not escape.
  @_silgen_name("ckernels_lend_closure")
  private func lendClosure(
    _ body: (_ task: Int, _ worker: Int) -> Void, _ receiver: UnsafeMutableRawPointer,
    _ use: @convention(c) (UnsafeMutableRawPointer, UnsafePointer<ckernels_closure>) -> Void)
#endif
