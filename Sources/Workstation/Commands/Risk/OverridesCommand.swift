// strikeforge overrides: a risk profile made stricter, without training anything anew.

import Configuration
import Evaluation
import Glibc
import Storage
import Text
import Trading
import Training

struct OverridesCommand: Command {
  static let description = CommandDescription(
    name: "overrides",
    summary: "Shows what a risk profile would be with some limits changed, and writes the changes as a file.",
    operands: "[FILE ...]", operandCount: 0...16,
    flags: [
      Flag("reduce-risk", "an order may lose 20, 15 or 5 % in a calm, ordinary or volatile market"),
      Flag("tighten-delta", "options that are sold have a delta of at most 0.15"),
      Flag("set", "KEY=VALUE", repeats: true, "any setting, such as limits.theta_dollars=50"),
      Flag("output", "FILE", "writes the changes alone; nothing is written without it"),
      Flag("keys", "lists the settings with their defaults"),
    ],
    notes: """
      FILEs are laid over the defaults, the first the lowest, and the flags over them.
      What stands below `symbols:` and a name such as SPX: holds for that one alone.
      A file of overrides changes what may be traded from the next session on; no
      policy is trained anew. What is stricter already stays as it is.

      `strikeforge overrides --reduce-risk --tighten-delta --output stricter.yaml`
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    if arguments.has("keys") {
      for line in keyLines { print(line) }
      return 0
    }
    let layers: RiskProfileLayers
    do throws(ConfigurationError) {
      layers = try read(arguments)
    } catch {
      throw TrainingError.configuration(error)
    }
    if let problem = layers.terms.problem { throw UsageError("\(problem)", command: description) }
    let overrides = layers.overrides
    print(layers.text, terminator: "")
    print("")
    for override in overrides {
      for line in ReportText.wrapped(
        (override.symbol.map { $0 + ": " } ?? "")
          + "\(override.key): \(override.before.text) -> \(override.after.text)  (\(override.source))", rest: "  ")
      {
        print(line)
      }
    }
    if overrides.isEmpty { print("nothing differs from what is below") }
    guard let path = arguments.value("output") else { return 0 }
    guard !overrides.isEmpty else {
      throw UsageError(
        "there is nothing to write to \(PrintableText.name(path)): change something", command: description)
    }
    guard access(path, F_OK) != 0 else {
      throw UsageError(
        "\(PrintableText.name(path)) is there already: name another file, or lay this one over it by naming it first",
        command: description)
    }
    try AtomicWrite.write(text: layers.overrideFile, to: path)
    print("wrote \(PrintableText.name(path))")
    return 0
  }

  private static func read(_ arguments: Arguments) throws(ConfigurationError) -> RiskProfileLayers {
    var layers = try RiskProfileLayers(files: arguments.operands)
    if arguments.has("reduce-risk") { try layers.reduceRisk() }
    if arguments.has("tighten-delta") { try layers.tightenDelta() }
    for assignment in arguments.values("set") { try layers.set(assignment) }
    return layers
  }

  private static var keyLines: [String] {
    let defaults = SymbolTerms.shipped.standard
    return AccountTerms.allSettings.flatMap { setting in
      ReportText.wrapped(
        "\(setting.help); \(setting.expected)", first: "\(setting.key): \(setting.read(defaults).text)  ", rest: "    ")
    }
  }
}
