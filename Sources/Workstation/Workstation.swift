// The training program: finds the command, runs it, and turns what went wrong into one sentence and an exit code.

import Glibc
import Kernels
import Storage
import Text
package import Training

/// The program `strikeforge` with the environments and algorithms that its door hands in.
package struct Workstation {
  private let families: Families

  package init(families: Families) { self.families = families }

  static var commands: [any Command.Type] {
    [
      SynthesizeCommand.self, ImportCommand.self, InspectCommand.self, TrainCommand.self, EnsembleCommand.self,
      EvaluateCommand.self, BacktestCommand.self, ExportCommand.self, RetrainCommand.self, ReplayCommand.self,
      ReplayUpdateCommand.self,
      PriceCommand.self, SurfaceCommand.self, DeskCommand.self, OverridesCommand.self, RearmCommand.self,
      RegistryCommand.self, ScheduleCommand.self, ListCommand.self,
    ]
  }

  /// Runs the command that the process was started with, and ends the process.
  package func main() -> Never {
    StandardDescriptors.openClosed()
    // Lines appear as they are written, also in a pipe; a reader that goes away ends no work that is going on.
    StandardOutput.bufferLines()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let code: Int32
    do {
      code = run(try ProcessWords.own())
    } catch {
      complain("strikeforge: \(error.message)")
      complain(Self.usage)
      code = 64
    }
    // What a gate refused or what failed is told by the code, whoever read the words.
    guard code == 0 else { exit(code) }
    switch StandardOutput.ending() {
    case .arrived: exit(0)
    case .lost:
      complain("strikeforge: not all output could be written; make room where standard output goes")
      exit(1)
    case .readerLeft:
      // The work is done, and its reader wanted no more: the end that every tool in a pipe has, of which shells say nothing.
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
      exit(1)
    }
  }

  private func run(_ words: [String]) -> Int32 {
    do {
      try EnvironmentSecrets.refuseInProcess()
    } catch {
      complain("strikeforge: \(error)")
      return 2
    }
    if let problem = InstructionSet.limitProblem {
      complain("strikeforge: \(problem)")
      return 64
    }
    guard let verb = words.first else {
      complain("strikeforge: no command given")
      complain(Self.usage)
      return 64
    }
    if ["--help", "-h", "help"].contains(verb) {
      if words.count > 1, let command = command(named: words[1]) {
        print(command.description.help, terminator: "")
      } else {
        print(Self.overview, terminator: "")
      }
      return 0
    }
    guard let command = command(named: verb) else {
      let names = Self.commands.map { $0.description.name }
      let nearest = NearestName.of(verb, among: names).map { "; did you mean \($0)?" } ?? ""
      complain("strikeforge: unknown command \(PrintableText.name(verb))\(nearest)")
      complain(Self.usage)
      return 64
    }
    let rest = words.dropFirst()
    if rest.contains("--help") || rest.contains("-h") {
      print(command.description.help, terminator: "")
      return 0
    }
    do {
      if command.multiplies {
        // Room first: the trial product of the next line would wait for it without end.
        try ProcessLimits.requireProducts()
        if let problem = MatrixKernels.problem {
          complain("strikeforge \(verb): \(problem)")
          return 1
        }
      }
      return try execute(command, Array(rest))
    } catch {
      return report(error, verb: verb)
    }
  }

  /// Says what went wrong and returns the exit code.
  private func report(_ error: any Error, verb: String) -> Int32 {
    switch error {
    case let error as UsageError:
      complain("strikeforge \(verb): \(error.message)")
      complain(error.usage)
      return 64
    case let error as TrainingError:
      complain("strikeforge \(verb): \(error.description)")
      return error.exitCode
    case let error as StorageError:
      complain("strikeforge \(verb): \(error.description)")
      return TrainingError.storage(error).exitCode
    default:
      complain("strikeforge \(verb): \(error)")
      return 1
    }
  }

  private func command(named name: String) -> (any Command.Type)? {
    for command in Self.commands where command.description.name == name { return command }
    return nil
  }

  private func execute(_ command: any Command.Type, _ words: [String]) throws -> Int32 {
    let arguments = try Arguments(words, of: command.description)
    do {
      return try command.run(arguments, families)
    } catch let error as UsageError where error.usage.isEmpty {
      throw UsageError(error.reason, usage: command.description.usage)
    }
  }

  static var usage: String { "usage: strikeforge COMMAND [...]; `strikeforge --help` lists the commands" }

  static var overview: String {
    var text = "strikeforge: trains trading agents and says honestly what they are worth.\n\nCommands:\n"
    for command in commands {
      let description = command.description
      text += "  " + description.name + String(repeating: " ", count: max(2, 12 - description.name.count))
      text += wrap(description.summary, width: 66).joined(separator: "\n" + String(repeating: " ", count: 14)) + "\n"
    }
    text +=
      "\n`strikeforge COMMAND --help` tells more. Exit codes: 0 done, 1 failed, 2 a gate\nrefused, 64 wrong usage.\n"
    return text
  }
}
