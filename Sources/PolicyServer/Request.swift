// What the command line asks for.

import Text

/// One parsed command line.
enum Request {
  case help
  case describe(path: String)
  /// `seed` nil decides greedily.
  case once(path: String, seed: UInt64?)

  static let helpText = """
    strikeforge-serve: decisions of an exported policy.

    usage: strikeforge-serve once --policy FILE [--stochastic [--seed N]]
           strikeforge-serve describe --policy FILE
           strikeforge-serve --help

    once        Reads one JSON object a line from standard input, writes one a line:
                  in   {"observation": [raw numbers, in the bundle's order],
                        "mask": [0 or 1 ...], "episode_start": true}
                  out  {"action": 0, "action_name": "...", "confidence": 0.9,
                        "latency_microseconds": 12.3, "timestamp": "..."}
                "mask" has one flag for each action, 1 for legal; a policy trained
                with masks refuses to decide without. "episode_start" is true on the
                first line of an episode and clears the policy's memory. A policy
                with memory needs it on every line, and true on the first.
                Confidence is the probability of the chosen action; the time is UTC.
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
  init(_ arguments: [String]) throws(UsageError) {
    if arguments.contains("--help") || arguments.contains("-h") || arguments == ["help"] {
      self = .help
      return
    }
    let commands = ["once", "describe", "help"]
    guard let command = arguments.first else { throw .missing("a command is needed: \(commands[0]) or \(commands[1])") }
    guard commands.contains(command) else { throw .unknown(kind: "command", name: command, known: commands) }
    let known = command == "once" ? ["--policy", "--stochastic", "--seed", "--help"] : ["--policy", "--help"]
    var path: String?
    var isStochastic = false
    var seed: UInt64?
    var seen: Set<String> = []
    var rest = arguments.dropFirst()
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let flag = parts[0]
      guard flag.hasPrefix("-") else { throw .missing("'\(argument)' is not expected here: flags begin with --") }
      guard known.contains(flag) else { throw .unknown(kind: "flag", name: flag, known: known) }
      guard seen.insert(flag).inserted else { throw .missing("\(flag) is given twice") }
      if flag == "--stochastic" {
        guard parts.count == 1 else { throw .missing("--stochastic takes no value") }
        isStochastic = true
        continue
      }
      guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
        throw .missing("\(flag) needs a value")
      }
      if flag == "--policy" {
        path = value
      } else {
        guard let number = UInt64(value) else { throw .missing("--seed needs a whole number from 0, not '\(value)'") }
        seed = number
      }
    }
    guard let path else { throw .missing("--policy FILE is needed") }
    if seed != nil && !isStochastic { throw .missing("--seed has a meaning only with --stochastic") }
    self = command == "once" ? .once(path: path, seed: isStochastic ? seed ?? 0 : nil) : .describe(path: path)
  }
}

/// A command line that cannot be understood.
enum UsageError: Error, CustomStringConvertible {
  case missing(String)
  case unknown(kind: String, name: String, known: [String])

  var description: String {
    switch self {
    case .missing(let reason): return reason
    case .unknown(let kind, let name, let known):
      let hint = NearestName.of(name, among: known).map { ", did you mean '\($0)'?" } ?? ""
      return "unknown \(kind) '\(name)'\(hint)"
    }
  }
}
