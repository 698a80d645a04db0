// The policy server's only top-level code.

import Glibc
import Text

@main
struct Main {
  static func main() {
    // A reader that went away, or a file that may not grow, must be an error of write, not a silent death.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs one command and returns the exit code: 0 done, 1 failed, 2 refused, 64 wrong usage.
  private static func run(_ arguments: [String]) -> Int32 {
    do {
      try EnvironmentSecrets.refuseInProcess()
    } catch {
      Output.error("strikeforge-serve: \(error)")
      return 2
    }
    let request: Request
    do {
      request = try Request(arguments)
    } catch {
      Output.error("strikeforge-serve: \(error.message)\n\n\(Request.helpText)")
      return 64
    }
    do {
      switch request {
      case .help: try Output.line(Request.helpText)
      case .describe(let path): try Describe.run(path: path)
      case .once(let path, let seed): try Once(path: path, seed: seed).run()
      }
      return 0
    } catch {
      Output.error(error.line)
      return 1
    }
  }
}

/// Why a command failed.
enum ServeError: Error {
  /// Something that concerns no single line of input.
  case failed(String)
  /// A line of input (from 1) that cannot be answered.
  case badLine(number: Int, reason: String, remedy: String)

  /// What is written to the error output.
  var line: String {
    switch self {
    case .failed(let reason): "strikeforge-serve: \(reason)"
    case .badLine(let number, let reason, let remedy): BadLine.text(number: number, reason: reason, remedy: remedy)
    }
  }
}
