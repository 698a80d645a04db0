// The program `strikeforge-serve`: finds the bundle, and lets Serving speak for it.

import Glibc
import Inference
import Kernels
import Serving
import Text

@main
struct Main {
  static func main() {
    StandardDescriptors.openClosed()
    // A reader that went away, or a file that may not grow, must be an error of write, not a silent death.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    exit(run())
  }

  /// Runs one command and returns the exit code: 0 done, 1 failed, 2 refused, 64 wrong usage.
  private static func run() -> Int32 {
    do {
      try EnvironmentSecrets.refuseInProcess()
    } catch {
      Output.error("strikeforge-serve: \(error)")
      return 2
    }
    if let problem = InstructionSet.limitProblem {
      Output.error("strikeforge-serve: \(problem)")
      return 64
    }
    let request: Request
    do {
      request = try Request(try ProcessWords.own())
    } catch {
      Output.error("strikeforge-serve: \(error.message)\n\n\(Request.helpText)")
      return 64
    }
    do {
      switch request {
      case .help: try Output.line(Request.helpText)
      case .describe(let path): for line in Describe.lines(try bundle(path)) { try Output.line(line) }
      case .once(let path, let seed): try Once.run(try bundle(path), seed: seed)
      }
      return 0
    } catch {
      Output.error(error.line(program: "strikeforge-serve"))
      return 1
    }
  }

  private static func bundle(_ path: String) throws(ServeError) -> PolicyBundle {
    do {
      return try PolicyBundle.load(path: path)
    } catch {
      throw .failed(error.description)
    }
  }
}
