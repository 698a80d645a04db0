// strikeforge retrain: a weekend that may be left alone.

import Glibc
import Release
import Storage
import Text
import Training

struct RetrainCommand: Command {
  static let multiplies = true
  static let description = CommandDescription(
    name: "retrain",
    summary: "Retrains by a plan within a deadline, compares, promotes or, as a rule, does not; goes on after a kill.",
    operands: "[PLAN.yml]", operandCount: 0...1,
    flags: [
      Flag("deadline", "WHEN", "'Mon 05:00 America/New_York', or a duration such as 8h; in place of the plan's"),
      Flag("dry-run", "measures, prints the whole schedule, and changes nothing"),
      Flag("settle", "pays what a killed weekend left open, and ends"),
      Flag("anew", "gives an unfinished weekend up, or tries the same data once more"),
      Flag("demo", optional: "FOLDER", "a whole weekend in a folder of its own; retrain-demo unless FOLDER is given"),
      Flag("keys", "prints every setting of a plan with its default and meaning, and ends"),
    ],
    notes: """
      Steps: lock, settle debts, hooks before, ready and fetch, data through the quality
      gate, rates of this machine, schedule, training, judging, decision, publication,
      hooks send, after and always. Each is done once: the same command goes on after a
      kill, and publishes what an undisturbed weekend would have.

      Monday's page is report.html in the weekend's folder, WEEKENDS/NAME/NUMBER.
      `strikeforge registry rollback NAME` undoes a promotion.

      Exit codes: 0 done, whether promoted or not; 1 failed or stopped; 2 a gate refused
      (data, deadline, champion).
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    if arguments.has("keys") {
      for setting in RetrainSettings().settings {
        print("\(setting.key): \(setting.read(RetrainSettings()).text)")
        for line in wrap("\(setting.help); \(setting.expected)", width: 74) { print("    " + line) }
      }
      return 0
    }
    // What pays debts, and what makes a plan of its own, would leave the others' wishes unheard.
    for flag in ["settle", "demo"] where arguments.has(flag) {
      if let other = ["settle", "dry-run", "anew", "deadline"].first(where: { $0 != flag && arguments.has($0) }) {
        throw UsageError("--\(flag) goes alone; leave --\(other) out", command: description)
      }
    }
    var deadline: Deadline?
    do throws(TrainingError) {
      if let told = arguments.value("deadline") { deadline = try Deadline(told) }
    } catch {
      throw UsageError("--deadline: \(error.description)", command: description)
    }
    StopSignal.install()
    if let folder = arguments.value("demo") {
      guard arguments.operands.isEmpty else {
        throw UsageError("--demo makes a plan of its own; leave \(arguments.operands[0]) out", command: description)
      }
      return try code(
        of: RetrainDemo(
          folder: folder.isEmpty ? "retrain-demo" : folder, families: families,
          shouldStop: { StopSignal.received != nil }, tell: tell
        ).run())
    }
    guard let path = arguments.operands.first else {
      throw UsageError("name a plan, or take --demo", command: description)
    }
    let plan = try RetrainPlan(yamlFile: path, deadline: deadline, families: families)
    let retrain = try Retrain(
      plan, path: path, families: families, shouldStop: { StopSignal.received != nil }, tell: tell)
    if arguments.has("settle") { return try retrain.settle() ? 0 : 1 }
    if arguments.has("dry-run") {
      try retrain.dryRun()
      return 0
    }
    return try code(of: retrain.run(isAnew: arguments.has("anew")))
  }

  private static func tell(_ line: String) { print(line) }

  private static func code(of ending: Retrain.Ending) -> Int32 {
    switch ending {
    case .finished: return 0
    case .dataRefused(let sentence):
      complain("strikeforge retrain: nothing was trained: \(sentence)")
      return 2
    case .stopped:
      let signal = StopSignal.received.map(StopSignal.name) ?? "request"
      complain("strikeforge retrain: stopped by \(signal); the same command goes on")
      return 1
    }
  }
}
