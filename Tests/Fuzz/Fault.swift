// How a worker died.

import Glibc
import TestSupport

// The C library's own account of the stack. Its header is not part of Swift's Glibc, hence by name; looked up before any handler runs.
private typealias Backtrace = @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>?, Int32) -> Int32
private typealias BacktraceSymbols =
  @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>?, Int32, Int32) -> Void
private let backtrace = dlsym(nil, "backtrace").map { unsafeBitCast($0, to: Backtrace.self) }
private let backtraceSymbols = dlsym(nil, "backtrace_symbols_fd").map { unsafeBitCast($0, to: BacktraceSymbols.self) }

/// The end of a worker that did not do its work.
struct Fault {
  enum Kind: String {
    case trap, hang, growth, finding, sanitizer
  }

  let kind: Kind
  /// The first line that says something.
  let reason: String

  init(_ outcome: ProgramOutcome) {
    let lines = outcome.errorLines
    if outcome.signal == SIGPROF {
      (kind, reason) = (.hang, "it took too long")
    } else if let finding = lines.first(where: { $0.hasPrefix("finding: ") }) {
      kind = finding.contains("memory grew") ? .growth : .finding
      reason = String(finding.dropFirst("finding: ".count))
    } else if let report = lines.first(where: { $0.contains("ERROR: AddressSanitizer") }) {
      if ["allocation-size", "rss limit", "out of memory"].contains(where: report.contains) {
        kind = .growth
      } else {
        // A signal is one with or without the sanitizer, which only reports it.
        kind = lines.contains { $0.contains("DEADLYSIGNAL") } ? .trap : .sanitizer
      }
      reason = lines.first { $0.contains("Fatal error") } ?? report
    } else {
      kind = .trap
      let ending = outcome.signal.map { "signal \($0)" } ?? "exit code \(outcome.exitCode ?? -1)"
      reason = lines.first { $0.contains("rror") } ?? ending
    }
  }

  /// Prints the stack of this process when it dies of a signal. With the sanitizer, that does it for all but the timer.
  static func printStacks() {
    let signals = Sanitizer.isOn ? [SIGPROF] : [SIGPROF, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP]
    // Loading what `backtrace` needs must not happen in the handler.
    var warmUp: [UnsafeMutableRawPointer?] = [nil]
    precondition(backtrace?(&warmUp, 1) != nil && backtraceSymbols != nil, "the C library tells no stacks")
    let size = 1 << 17
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    stack.ss_size = size
    sigaltstack(&stack, nil)
    for number in signals {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 64) { frames in
          let count = backtrace?(frames.baseAddress, 64) ?? 0
          _ = Glibc.write(STDERR_FILENO, "\nstack:\n", 8)
          backtraceSymbols?(frames.baseAddress, count, STDERR_FILENO)
        }
        signal(number, SIG_DFL)
        raise(number)
      }
      action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND)) | Int32(SA_NODEFER)
      sigaction(number, &action, nil)
    }
  }
}

enum Sanitizer {
  /// Whether this program was built with the address sanitizer.
  static let isOn = dlsym(nil, "__asan_init") != nil
}
