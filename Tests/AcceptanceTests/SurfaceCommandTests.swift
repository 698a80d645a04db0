// strikeforge surface from outside: a page of a day, what it is made of, ranks, events and pictures, within 80 columns.

import Market
import TestSupport
import Testing
import Text

@Suite struct SurfaceCommandTests {
  /// A made-up S&P 500, a share, and an index of volatility beside them, with minutes of the last sessions.
  private static let stage = Result { () throws -> Workplace in
    let place = try Workplace()
    let series = SyntheticTape.series(bars: 400, seed: 3)
    for one in series { try place.folder.write(BarFile.plain(one), to: one.symbol + ".csv") }
    var vix = "Date,Open,High,Low,Close\n"
    for (row, date) in series[0].dates.enumerated() {
      let value = 18 + Double(row * 37 % 101) / 10
      vix += "\(date),\(value),\(value),\(value),\(value)\n"
    }
    try place.folder.write(vix, to: "vix.csv")
    try place.succeed(["import", "SPX=AAA.csv", "BBB=BBB.csv", "--index", "VIX=vix.csv", "--output", "market.h5"])
    return place
  }

  private func page(_ words: String...) throws -> [String] {
    let place = try Self.stage.get()
    let lines = try place.succeed(["surface", "market.h5"] + words).output.split(separator: "\n").map(String.init)
    for line in lines { #expect(line.count <= 80, "\(line.count) columns: \(line)") }
    return lines
  }

  /// What stands behind a word in the first line that has it.
  private func number(behind word: String, in lines: [String]) -> Double? {
    for line in lines {
      guard let range = line.firstRange(of: word) else { continue }
      return Double(line[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "." || $0 == "-" })
    }
    return nil
  }

  @Test func aPageSaysWhatItIsMadeOf() throws {
    let lines = try page("--date", "2002-06-03")
    let text = lines.joined(separator: "\n")
    #expect(lines[0].hasPrefix("SYNTHETIC surface 'fair' of SPX, 2002-06-03 09:30"))
    for words in [
      "closes of 2002-05-31", "of the index at the money, from SPX in the last", "rate 0, dividends 0", "IV Rank: ",
      "have left the seller", "Volatilities on the variance clock",
    ] {
      #expect(text.contains(words), "\(words) is not in\n\(text)")
    }
    // Six terms of three contracts.
    #expect(lines.count { $0.hasPrefix("2002-0") } == 18)
    let told = try page("--date", "2002-06-03", "--rate", "0.03", "--yield", "0.01", "--surface", "market")
    #expect(told.contains { $0.contains("rate 0.03, dividends 0.01") } && told[0].contains("'market'"))
  }

  /// Another symbol is compared with the S&P 500 of the store; a ratio that is given is taken as it is.
  @Test func anotherSymbolHasARatio() throws {
    let compared = try page("--symbol", "BBB", "--date", "2002-06-03")
    #expect(compared.contains { $0.contains("times that for BBB, as it moved over SPX in the last 63") }, "\(compared)")
    let given = try page("--symbol", "BBB", "--date", "2002-06-03", "--ratio", "2")
    #expect(given.contains { $0.contains("2.000 times that for BBB, as given") }, "\(given)")
    #expect(given.contains { $0.contains("assumed: no real chain supports them") })
  }

  @Test func anEventTakesItsShareFromItsMinuteOn() throws {
    let place = try Self.stage.get()
    try place.folder.write("date,kind,share,time\n2002-06-03,report,0.25,14:00\n", to: "events.csv")
    func volatility(_ words: String...) throws -> Double {
      let lines = try place.succeed(
        ["surface", "market.h5", "--date", "2002-06-03"] + words
      ).output.split(separator: "\n").map(String.init)
      let row = try #require(lines.first { $0.hasPrefix("2002-06-04") && $0.contains("call") })
      return try #require(Double(row.split(separator: " ")[4]))
    }
    let plain = try volatility("--time", "14:00")
    #expect(try volatility("--time", "13:59", "--events", "events.csv") == (try volatility("--time", "13:59")))
    let crushed = try volatility("--time", "14:00", "--events", "events.csv")
    // The whole dollar of the strike is another number of deviations from the price.
    #expect(abs(crushed / plain - 0.75) < 0.005, "\(crushed) of \(plain)")
  }

  @Test func aHistoryIsWrittenInspectedAndRankedAgainst() throws {
    let place = try Self.stage.get()
    let written = try place.succeed(["surface", "market.h5", "--write-history", "iv.h5"])
    #expect(written.output.contains("SYNTHETIC 30-day volatilities of SPX, 400 sessions"))
    let shown = try place.succeed(["inspect", "iv.h5"])
    #expect(shown.output.contains("history of implied volatility") && shown.output.contains("SYNTHETIC 'fair', of VIX"))
    let own = try page("--date", "2002-06-03")
    let ranked = try page("--date", "2002-06-03", "--history", "iv.h5")
    let (rank, other) = (number(behind: "IV Rank:", in: own), number(behind: "IV Rank:", in: ranked))
    #expect(rank != nil && rank == other)
    let market = try place.strikeforge(
      "surface", "market.h5", "--date", "2002-06-03", "--surface", "market", "--history", "iv.h5")
    #expect(market.exitCode == 64 && market.errors.contains("--write-history"), "\(market)")
  }

  @Test func picturesAreWrittenOverNothingElse() throws {
    let place = try Self.stage.get()
    let lines = try page("--date", "2002-06-03", "--html", "surface.html")
    #expect(lines.last == "with pictures: surface.html")
    let html = try place.folder.read("surface.html")
    #expect(html.contains("Surface: SYNTHETIC") && html.split(separator: "<figure").count == 4)
    #expect(!html.contains("<script") && html.contains("Content-Security-Policy"))
    try place.succeed(["surface", "market.h5", "--date", "2002-06-03", "--html", "surface.html"])
    let refused = try place.strikeforge("surface", "market.h5", "--date", "2002-06-03", "--html", "vix.csv")
    #expect(refused.exitCode == 1 && refused.errors.contains("is not a page"), "\(refused)")
  }

  /// The volatility does not answer to prices that are made up.
  @Test func minutesGiveThePriceAndSyntheticOnesNoAnswer() throws {
    let place = try Workplace(copying: Self.stage.get())
    try place.succeed([
      "synthesize", "minutes", "--bridge", "market.h5", "--symbol", "SPX", "--from", "2002-06-03", "--output", "m.csv",
    ])
    try place.succeed([
      "import", "SPX=AAA.csv", "--index", "VIX=vix.csv", "SPX=m.csv", "--output", "minutes.h5",
    ])
    let lines = try place.succeed(["surface", "minutes.h5", "--date", "2002-06-04", "--time", "12:00"]).output
    #expect(lines.contains("of SYNTHETIC minutes, to which the volatility does not"), "\(lines)")
  }

  @Test func premiumIsToldToPeopleAndPrograms() throws {
    let lines = try page("--premium")
    #expect(lines.contains { $0.hasPrefix("Straddle of one day by era") })
    let place = try Self.stage.get()
    let json = try JSON.parse(try place.succeed(["surface", "market.h5", "--premium", "--json"]).output)
    let figures = try #require(json["figures"]?.arrayValue)
    #expect(json["sessions"] == .integer(399) && figures.count > 60)
    // What people read is what programs do.
    let first = try #require(
      figures.first { $0["level"] == .string("fair") && $0["sessions"] == .integer(1) && $0["years"]?.isNull == true })
    let cost = try #require(first["cost_over_payoff"]?.doubleValue)
    let row = try #require(lines.first { $0.hasPrefix("fair ") })
    #expect(row.contains("\((cost * 1000).rounded() / 1000)".prefix(4)), "\(row) \(cost)")
  }
}
