// strikeforge overrides from outside: a stricter profile as a file, a diff, and what is refused.

import TestSupport
import Testing

@Suite struct OverridesCommandTests {
  private func isNarrow(_ text: String) -> Bool { text.split(separator: "\n").allSatisfy { $0.count <= 80 } }

  @Test func `the two flags write the four changes, and the file gives them again`() throws {
    let place = try Workplace()
    let first = try place.succeed(["overrides", "--reduce-risk", "--tighten-delta", "--output", "stricter.yaml"])
    for line in [
      "sizes.low: 0.3 -> 0.2  (--reduce-risk)", "sizes.medium: 0.2 -> 0.15  (--reduce-risk)",
      "sizes.high: 0.1 -> 0.05  (--reduce-risk)", "entries.sold_delta: 0.2 -> 0.15  (--tighten-delta)",
      "wrote stricter.yaml",
    ] {
      #expect(first.output.split(separator: "\n").contains { $0.split(separator: " ") == line.split(separator: " ") })
    }
    #expect(isNarrow(first.output))
    let again = try place.succeed(["overrides", "stricter.yaml"])
    #expect(again.output.contains("low: 0.2  # stricter.yaml"))
    #expect(again.output.contains("nothing differs from what is below"))
    // What is strict already stays, so that there is nothing to write.
    let refused = try place.strikeforge(["overrides", "stricter.yaml", "--reduce-risk", "--output", "other.yaml"])
    #expect(refused.exitCode == 64 && refused.errors.contains("there is nothing to write to other.yaml"))
  }

  @Test func `without an output nothing is written, and an old file is kept`() throws {
    let place = try Workplace()
    try place.succeed(["overrides", "--reduce-risk"])
    #expect(try place.strikeforge(["overrides", "risk.yaml"]).exitCode != 0)
    try place.folder.write("limits:\n  theta_dollars: 50\n", to: "risk.yaml")
    let refused = try place.strikeforge(["overrides", "--reduce-risk", "--output", "risk.yaml"])
    #expect(refused.exitCode == 64 && refused.errors.contains("risk.yaml is there already"))
    let shown = try place.succeed(["overrides", "risk.yaml", "--set", "states.kill=0.05"])
    #expect(shown.output.contains("theta_dollars: 50.0  # risk.yaml"))
    #expect(shown.output.contains("states.kill: 0.1 -> 0.05 (--set)"))
  }

  @Test(arguments: [
    ("limits.thetadollars=50", "did you mean limits.theta_dollars?"), ("sizes.low=2", "'sizes.low' is 2 but must be"),
    ("colour=blue", "strikeforge overrides --keys"), ("states.kill=0.01", "the switch must not come first"),
    ("sizes.high=0.9", "more volatility must not allow larger orders"),
  ])
  func `what no profile can be is refused in a sentence`(assignment: String, words: String) throws {
    let outcome = try Workplace().strikeforge(["overrides", "--set", assignment])
    #expect(outcome.exitCode != 0 && outcome.errors.contains(words), "\(outcome.errors)")
  }

  @Test func `an unknown key in a file is named`() throws {
    let place = try Workplace()
    try place.folder.write("limits:\n  detla: 0.1\n", to: "risk.yaml")
    let outcome = try place.strikeforge(["overrides", "risk.yaml"])
    #expect(
      outcome.exitCode != 0
        && outcome.errors.contains("risk.yaml: unknown key limits.detla; did you mean limits.delta?"))
  }

  @Test func `the settings are listed with their defaults`() throws {
    let output = try Workplace().succeed(["overrides", "--keys"]).output
    #expect(output.contains("limits.theta_dollars: 100.0  the most decay to the close"))
    #expect(isNarrow(output))
  }
}
