// A polite end: the first SIGINT, SIGTERM or SIGHUP asks, the second one stops at once.

private import Glibc
private import Synchronization

/// Set by the handler, read between rollouts.
private let requested = Atomic<Int32>(0)

/// The first SIGINT, SIGTERM or SIGHUP sets a flag that the training loop polls between rollouts, so that it can save; a second one ends the
/// process at once, the way it would have without a handler. A SIGHUP that the process was started to ignore, as `nohup` does, stays ignored.
package enum StopSignal {
  /// Installs the handler for this process.
  package static func install() {
    _ = requested.load(ordering: .relaxed)  // made now, not inside the handler
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      if requested.exchange(number, ordering: .sequentiallyConsistent) != 0 {
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    sigemptyset(&action.sa_mask)
    // Without SA_RESTART a blocked write would fail; with it the loop simply sees the flag at its next turn.
    action.sa_flags = SA_RESTART | Int32(SA_NODEFER)
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
    var present = sigaction()
    sigaction(SIGHUP, nil, &present)
    guard unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) != StopSignal.ignored else { return }
    sigaction(SIGHUP, &action, nil)
  }

  /// The signal that asked for a stop, or nil.
  package static var received: Int32? {
    let number = requested.load(ordering: .sequentiallyConsistent)
    return number == 0 ? nil : number
  }

  /// `SIGINT`, `SIGTERM` or `SIGHUP`.
  package static func name(_ number: Int32) -> String {
    number == SIGINT ? "SIGINT" : number == SIGHUP ? "SIGHUP" : "SIGTERM"
  }

  /// SIG_IGN, as a number: Swift has no way to compare functions.
  private static let ignored = 1
}
