// Option chains as a user meets them: imported, looked at, and asked for in ways that cannot be meant.

import TestSupport
import Testing

@Suite struct ChainCommandTests {
  private static let chain =
    "timestamp,underlying,type,strike,expiry,bid,ask\n"
    + (90...110).flatMap { strike in
      ["call", "put"].map { right in
        let value = 3 + max(right == "call" ? 100 - strike : strike - 100, 0)
        return "2024-03-07 10:00,XYZ,\(right),\(strike),2024-03-15,\(value).00,\(value).05\n"
      }
    }.joined()

  @Test func aChainIsImportedAndLookedAt() throws {
    let place = try TemporaryFolder()
    try place.write(Self.chain, to: "chain.csv")
    func run(_ words: String...) throws -> ProgramOutcome { try Program.strikeforge.run(words, in: place.path) }
    let imported = try run("import", "chain.csv", "--output", "m.h5")
    #expect(
      imported.exitCode == 0 && imported.output.contains("options of XYZ: 42 contracts, 42 quotes"), "\(imported)")
    #expect(imported.output.contains("There are no bars of the underlying XYZ."))
    let list = try run("inspect", "m.h5", "--chain", "XYZ")
    #expect(list.exitCode == 0 && list.output.contains("2024-03-07"), "\(list)")
    let shown = try run("inspect", "m.h5", "--chain", "XYZ", "--date", "2024-03-07", "--time", "10:00")
    #expect(shown.exitCode == 0, "\(shown)")
    #expect(shown.output.contains("2024-03-15 PM") && shown.output.contains("100.0 %"), "\(shown)")
    #expect(shown.output.contains("0.97 to 1.03"), "\(shown)")
    for line in shown.output.split(separator: "\n") + list.output.split(separator: "\n") {
      #expect(line.count <= 80, "\(line)")
    }
    let paged = try run("inspect", "m.h5", "--chain", "XYZ", "--date", "2024-03-07", "--html", "chain.html")
    #expect(paged.exitCode == 0 && paged.output.contains("with pictures: chain.html"), "\(paged)")
    let page = try place.read("chain.html")
    #expect(page.contains("Options of XYZ, 2024-03-07") && page.contains("<svg") && page.contains("0.97 to 1.03"))
    #expect(page.contains("median with the middle half") && !page.contains("95 % interval"))
    let kept = try run("inspect", "m.h5", "--chain", "XYZ", "--date", "2024-03-07", "--html", "chain.csv")
    #expect(kept.exitCode == 1 && kept.errors.contains("exists and is not a page"), "\(kept)")
    #expect(try run("inspect", "m.h5").output.contains("chain XYZ"))
    for (words, code, text) in [
      (["--chain", "SPY"], 1, "the file holds XYZ"), (["--chain", "XYZ", "--date", "2024-03-08"], 1, "2024-03-07"),
      (["--chain", "XYZ", "--date", "2024-03-07", "--time", "11:00"], 1, "first minute ends at 10:00"),
      (["--chain", "XYZ", "--date", "soon"], 64, "--date is soon"), (["--date", "2024-03-07"], 64, "without --chain"),
      (["--chain", "XYZ", "--time", "10:00"], 64, "without --date"),
      (["--chain", "XYZ", "--html", "x.html"], 64, "without --date"), (["--html", "x.html"], 64, "without --chain"),
      (["--chain", "XYZ", "--date", "2024-03-07", "--time", "ten"], 64, "--time is ten"),
    ] as [([String], Int32, String)] {
      let outcome = try Program.strikeforge.run(["inspect", "m.h5"] + words, in: place.path)
      #expect(outcome.exitCode == code && outcome.errors.contains(text), "\(words): \(outcome)")
    }
    let roots = try run("import", "chain.csv", "--roots", "SPXW", "--output", "n.h5")
    #expect(roots.exitCode == 1 && roots.errors.contains("no option of a root SPXW is in it"), "\(roots)")
    let dry = try run("import", "chain.csv", "--dry-run")
    #expect(dry.exitCode == 0 && dry.output.contains("layout      long: a row for each contract and time"), "\(dry)")
    withExtendedLifetime(place) {}
  }
}
