// strikeforge desk: tables of fees from files, and the flags of how orders are filled.

import TestSupport
import Testing

@Suite struct DeskFlagsTests {
  private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
  private static let day = root + "/scripts/examples/desk-day.jsonl"

  private func desk(_ words: String...) throws -> ProgramOutcome {
    try Program.strikeforge.run(["desk", Self.day] + words)
  }

  @Test(arguments: ["retail", "zero_commission", "ibkr"])
  func aTableFromItsFileIsTheProfile(name: String) throws {
    let profile = try desk("--fees", name)
    let file = try desk("--fees", Self.root + "/scripts/configurations/fees/\(name).yaml")
    #expect(profile.exitCode == 0 && file.exitCode == 0, "\(file.errors)")
    #expect(profile.output == file.output && profile.output.contains(name))
  }

  @Test func whatIsNoTableOfFeesIsRefused() throws {
    let folder = try TemporaryFolder()
    let unknown = try desk("--fees", "retial")
    #expect(unknown.exitCode == 64 && unknown.errors.contains("did you mean retail?"), "\(unknown.errors)")
    let missing = try desk("--fees", folder.path + "/none.yaml")
    #expect(missing.exitCode != 0 && missing.output.isEmpty && missing.errors.contains("none.yaml"))
    let other = try desk("--fees", Self.root + "/scripts/configurations/dev.yaml")
    #expect(other.exitCode == 1 && other.output.isEmpty)
    #expect(other.errors.contains("is no table of fees: it needs 'name' and 'fees'"), "\(other.errors)")
  }

  @Test func theRuleOfLimitsIsNamed() throws {
    #expect(try desk().output.contains("rule A: limits fill once the market is 1 tick through them"))
    let chance = try desk("--fill-rule", "b", "--seed", "7")
    #expect(chance.exitCode == 0 && chance.output.contains("rule B: limits fill by chance"), "\(chance.errors)")
    #expect(chance.output.contains("seed 7"))
    let again = try desk("--fill-rule", "b", "--seed", "7")
    #expect(chance.output == again.output)
  }

  /// What cannot be, and what is said of it.
  private static let refusals: [([String], String)] = [
    (["--fill-rule", "c"], "--fill-rule is c; it must be a or b"),
    (["--seed", "3"], "--seed is of fill rule b; give --fill-rule b with it, or leave it out"),
    (["--impact", "-1"], "--impact is -1; it must be a number from 0.0 to 10.0"),
    (["--impact", "0.00001"], "--impact is 0.00001; it must be a number from 0.0 to 10.0, with at most 3 decimals"),
    (["--participation", "0"], "--participation is 0; it must be a number from"),
    (["--participation", "nan"], "--participation is nan; it must be a number from"),
  ]

  @Test(arguments: refusals.indices)
  func flagsThatCannotBeAreRefused(index: Int) throws {
    let (words, sentence) = Self.refusals[index]
    let outcome = try Program.strikeforge.run(["desk", Self.day] + words)
    #expect(outcome.exitCode == 64 && outcome.output.isEmpty && outcome.errors.contains(sentence), "\(outcome.errors)")
  }
}
