// What the command line asks for.

package import Text

/// One parsed command line.
package enum Request {
  case help
  case describe(path: String)
  /// `seed` nil decides greedily.
  case once(path: String, seed: UInt64?)

  package static let helpText = """
    strikeforge-serve: decisions of an exported policy.

    usage: strikeforge-serve once --policy FILE [--stochastic [--seed N]]
           strikeforge-serve describe --policy FILE
           strikeforge-serve --help

    once        Reads one JSON object a line from standard input, writes one a line:
                  in   {"observation": [raw numbers, in the bundle's order],
                        "mask": [0 or 1 ...], "episode_start": true}
                  out  {"action": 0, "action_name": "...", "confidence": 0.9,
                        "latency_microseconds": 12.3, "timestamp": "..."}
                "outside_training" stands in it where columns lie outside of what
                training saw, and names them.
                "mask" has one flag for each action, 1 for legal; a policy trained
                with masks refuses to decide without. "episode_start" is true on the
                first line of an episode and clears the policy's memory. A policy
                with memory needs it on every line, and true on the first.
                Confidence is the probability of the chosen action; the time is UTC.
                A policy of independent choices answers "choices", one by name for
                each subject, in place of "action_name", and its confidence is the
                product of their probabilities; "mask" has a flag for each choice.
                The first line that cannot be answered ends the program with exit
                code 1.
    describe    Says what the bundle holds.

    --policy FILE   the bundle, policy.safetensors of a run
    --stochastic    draw actions from the policy's probabilities
    --seed N        the seed of those draws, a whole number from 0 (default 0)
    --help, -h      this text

    exit codes: 0 done, 1 failed, 64 wrong usage
    """

  /// Reads the arguments that follow the program's name.
  package init(_ arguments: [String]) throws(UsageError) {
    if arguments.contains("--help") || arguments.contains("-h") || arguments == ["help"] {
      self = .help
      return
    }
    let commands = ["once", "describe", "help"]
    guard let command = arguments.first else {
      throw UsageError("a command is needed: \(commands[0]) or \(commands[1])")
    }
    guard commands.contains(command) else {
      throw UsageError(Request.unknown("command", command, nearest: NearestName.of(command, among: commands)))
    }
    let flags = [Flag("policy", "FILE", "")] + (command == "once" ? [Flag("stochastic"), Flag("seed", "N", "")] : [])
    let words: Arguments
    do throws(UsageError) {
      words = try Arguments(arguments.dropFirst(), flags: flags, operandLimit: 0)
    } catch {
      throw UsageError(Request.sentence(error))
    }
    var seed: UInt64?
    if let value = words.value("seed") {
      guard let number = UInt64(value) else {
        throw UsageError("--seed needs a whole number from 0, not '\(value)'")
      }
      seed = number
    }
    guard let path = words.value("policy") else { throw UsageError("--policy FILE is needed") }
    let isStochastic = words.has("stochastic")
    if seed != nil && !isStochastic { throw UsageError("--seed has a meaning only with --stochastic") }
    self = command == "once" ? .once(path: path, seed: isStochastic ? seed ?? 0 : nil) : .describe(path: path)
  }

  /// Names from outside stand in quotation marks, as in all that this program says.
  private static func sentence(_ error: UsageError) -> String {
    switch error.reason {
    case .unknownFlag(let word, let nearest): unknown("flag", word, nearest: nearest.map { "--" + $0 })
    case .repeated(let name): "--\(name) is given twice"
    case .valueMissing(let name, _): "--\(name) needs a value"
    case .unexpected(let word): "'\(PrintableText.name(word))' is not expected here: flags begin with --"
    case .valueUnwanted, .other: error.message
    }
  }

  private static func unknown(_ kind: String, _ name: String, nearest: String?) -> String {
    "unknown \(kind) '\(PrintableText.name(name))'" + (nearest.map { ", did you mean '\($0)'?" } ?? "")
  }
}
