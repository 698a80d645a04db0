// More flags of how orders are filled, and the tables of fees that a command is given.

import Configuration
import Storage
import Text
import Trading

enum ExecutionFlags {
  static let flags = [
    Flag("fill-rule", "RULE", "a: limits fill a tick through; b: by chance, where only last quotes are known (a)"),
    Flag("seed", "NUMBER", "of the chance of fill rule b (0)"),
    Flag("participation", "SHARE", "of a minute's volume that an order may have where no sizes are known (0.1)"),
    Flag("impact", "TICKS", "what a unit costs more where an order is twice the size at the touch (1)"),
  ]

  static func apply(
    _ arguments: Arguments, to settings: inout ExecutionSettings, _ command: CommandDescription
  ) throws {
    func refusal(_ name: String, _ text: String, _ expected: String) -> UsageError {
      UsageError("--\(name) is \(PrintableText.name(text)); it must be \(expected)", command: command)
    }
    /// In whole parts of one, so that nothing is rounded unseen.
    func parts(_ name: String, of one: Int, in range: ClosedRange<Double>) throws(UsageError) -> Int? {
      guard let text = arguments.value(name) else { return nil }
      let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
      guard let value = Double(text), range.contains(value) else { throw refusal(name, text, expected) }
      let whole = (value * Double(one)).rounded()
      guard whole / Double(one) == value else {
        throw refusal(name, text, "\(expected), with at most \(one == 1000 ? 3 : 6) decimals")
      }
      return Int(whole)
    }
    let seed = try arguments.wholeNumber("seed", in: 0...Int.max)
    switch arguments.value("fill-rule") {
    case nil, "a": break
    case "b":
      var rule = HazardRule()
      rule.seed = UInt64(seed ?? 0)
      settings.fillRule = .hazard(rule)
    case let text?: throw refusal("fill-rule", text, "a or b")
    }
    if case .through = settings.fillRule, seed != nil {
      throw UsageError("--seed is of fill rule b; give --fill-rule b with it, or leave it out", command: command)
    }
    let one = ExecutionSettings.millionths
    if let share = try parts("participation", of: one, in: 1e-6...1) { settings.participation.millionths = share }
    let most = Double(TouchImpact.mostThousandths) / 1000
    if let ticks = try parts("impact", of: 1000, in: 0...most) { settings.impact.thousandths = ticks }
  }

  /// The table that `--fees` names: a profile, or a file like those of scripts/configurations/fees.
  static func fees(_ name: String, _ command: CommandDescription) throws -> FeeTable {
    if let table = FeeTable.profile(named: name) { return table }
    let names = FeeTable.profiles.map(\.name).joined(separator: ", ")
    guard name.contains("/") || name.contains(".") else {
      let nearest = NearestName.of(name, among: FeeTable.profiles.map(\.name))
      throw UsageError(
        "--fees is \(PrintableText.name(name)); it must be \(names), or a file"
          + (nearest.map { "; did you mean \($0)?" } ?? ""), command: command)
    }
    let bytes = try FileSystem.read(name, limitBytes: YAML.maximumBytes)
    return try FeeTable(try YAML.parse(bytes, source: name), source: name)
  }
}
