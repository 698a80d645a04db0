// The surface of a chain as a user meets it: as text, as a page of pictures, kept in a file and found again.

import Glibc
import Market
import TestSupport
import Testing

/// A path of a picture on its canvas of 1000 by 320.
private struct DrawnPath {
  /// Points of lines; of bars the upper and the lower end, one after the other.
  var points: [(x: Double, y: Double)] = []

  init?(_ classes: String, after mark: String, in page: String) {
    guard let figure = page.firstRange(of: mark) else { return nil }
    let rest = page[figure.upperBound...]
    guard let start = rest.firstRange(of: "<path class=\"\(classes)\" d=\""),
      let end = rest[start.upperBound...].firstIndex(of: "\"")
    else { return nil }
    var numbers: [Double] = []
    var word = ""
    func flush() {
      if let number = Double(word) { numbers.append(number) }
      word = ""
    }
    for character in rest[start.upperBound..<end] {
      guard "MLVH ".contains(character) else {
        word.append(character)
        continue
      }
      flush()
      if character == "V", let x = numbers.dropLast().last { numbers.append(x) }
    }
    flush()
    guard numbers.count % 2 == 0 else { return nil }
    points = stride(from: 0, to: numbers.count, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
  }

  /// The height of a line at a place.
  func height(at x: Double) -> Double? {
    guard let after = points.firstIndex(where: { $0.x >= x }), after > 0 else { return points.first?.y }
    let (low, high) = (points[after - 1], points[after])
    return low.y + (high.y - low.y) * (x - low.x) / max(high.x - low.x, 1e-9)
  }
}

@Suite struct ChainSurfaceCommandTests {
  private static let date = "2002-06-03"

  /// Around 2,000 dollars: of a cheaper index a tick of its options is too much volatility.
  private static let bars = SyntheticTape.series(symbols: (1...40).map { "S\($0)" }, bars: 400, seed: 3)[39]

  /// Daily bars of an index and of its volatility, and a chain of the index at the close of one session and the minute before: two expiries of the same smile.
  private static let stage = Result { () throws -> Workplace in
    let place = try Workplace()
    let series = bars
    try place.folder.write(BarFile.plain(series), to: "spx.csv")
    var vix = "Date,Open,High,Low,Close\n"
    for (row, date) in series.dates.enumerated() {
      let value = 18 + Double(row * 37 % 101) / 10
      vix += "\(date),\(value),\(value),\(value),\(value)\n"
    }
    try place.folder.write(vix, to: "vix.csv")
    let row = try #require(series.dates.firstIndex { "\($0)" == date })
    try place.folder.write(chain(around: series.close[row], times: ["15:59", "16:00"]), to: "chain.csv")
    try place.succeed([
      "import", "SPX=spx.csv", "--index", "VIX=vix.csv", "chain.csv", "--output", "market.h5",
    ])
    return place
  }

  private static func chain(around spot: Double, times: [String], level: Double = 0.2) -> String {
    MadeChain.header
      + (CalendarDate(date).map { MadeChain.rows(on: $0, around: spot, times: times, level: level) } ?? "")
  }

  private func lines(_ words: [String]) throws -> [String] {
    let place = try Self.stage.get()
    let lines = try place.succeed(["surface", "market.h5"] + words).output.split(separator: "\n").map(String.init)
    for line in lines { #expect(line.count <= 80, "\(line.count) columns: \(line)") }
    return lines
  }

  /// Words of the rows that begin with a date.
  private func rows(_ lines: [String]) -> [[String]] {
    lines.filter { $0.hasPrefix("2002-") }.map { $0.split(separator: " ").map(String.init) }
  }

  @Test func theSmilesOfAChainAreToldWithTheVarianceOfItsStrips() throws {
    let lines = try lines(["--date", Self.date])
    let text = lines.joined(separator: "\n")
    #expect(lines[0] == "Surface of SPX by its chain, 2002-06-03 16:00 New York")
    for words in ["30-day volatility", "by whole strips", "at the money", "SYNTHETIC surface 'fair' of VIX"] {
      #expect(text.contains(words), "\(words) is not in\n\(text)")
    }
    let found = rows(lines)
    // Smiles and fits, of two expiries.
    #expect(found.count == 4, "\(text)")
    for row in found.prefix(2) {
      let volatility = try #require(Double(row[4]))
      #expect(row[1] == "SPXW" && (15...25).contains(volatility), "\(row)")
    }
  }

  /// The page's own geometry: every bar on the canvas and the right way round, and the smile through nine of ten of them.
  @Test func aPageDrawsSmilesThroughTheirQuotes() throws {
    let place = try Self.stage.get()
    let told = try lines(["--date", Self.date, "--html", "chain.html"])
    #expect(told.last == "with pictures: chain.html")
    let page = try place.folder.read("chain.html")
    #expect(page.contains("Surface: 2 of 2 expiries have a smile") && page.contains("Content-Security-Policy"))
    #expect(!page.contains("<script") && page.split(separator: "<figure").count == 6)
    #expect(page.contains("SYNTHETIC surface &#39;fair&#39; of VIX"))
    for expiry in ["spxw-2002-06-10", "spxw-2002-07-15"] {
      let bars = try #require(DrawnPath("quote", after: "smile-\(expiry)-description\"", in: page))
      let curve = try #require(DrawnPath("line s0", after: "smile-\(expiry)-description\"", in: page))
      let misses = try #require(DrawnPath("quote", after: "misses-\(expiry)-description\"", in: page))
      #expect(bars.points.count >= 12 && curve.points.count == 121 && misses.points.count == bars.points.count)
      for point in bars.points + curve.points + misses.points {
        #expect((0...1000).contains(point.x) && (0...320).contains(point.y), "\(point)")
      }
      var crossed = 0
      let pairs = stride(from: 0, to: bars.points.count, by: 2).map { (bars.points[$0], bars.points[$0 + 1]) }
      for (upper, lower) in pairs {
        #expect(upper.x == lower.x && upper.y <= lower.y)
        let height = try #require(curve.height(at: upper.x))
        // Half a unit: the curve is drawn in straight pieces.
        if height >= upper.y - 0.5, height <= lower.y + 0.5 { crossed += 1 }
      }
      #expect(crossed * 10 >= pairs.count * 9, "\(crossed) of \(pairs.count)")
      #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0.0.x < $1.0.x })
    }
  }

  @Test func surfacesAreKeptAndFoundAgain() throws {
    let place = try Workplace(copying: Self.stage.get())
    let written = try place.succeed(["surface", "market.h5", "--write-surfaces", "spx.h5"])
    #expect(written.output.contains("surfaces of the chain of SPX, 1 session, 2 minutes"), "\(written)")
    #expect(written.output.contains("4 smiles of 4 expiries"))
    let shown = try place.succeed(["inspect", "spx.h5"]).output
    #expect(shown.contains("fitted surfaces") && shown.contains("4 of 4 expiries"), "\(shown)")
    let kept = try place.succeed(["surface", "market.h5", "--date", Self.date, "--surfaces", "spx.h5"]).output
    for line in kept.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    let fresh = rows(try lines(["--date", Self.date]))
    let again = rows(kept.split(separator: "\n").map(String.init))
    // Expiry, root, sessions ahead, forward and the volatility at the money.
    #expect(again.map { $0.prefix(5) } == fresh.prefix(2).map { $0.prefix(5) }, "\(kept)")
    let earlier = try place.succeed([
      "surface", "market.h5", "--date", Self.date, "--time", "15:59", "--surfaces", "spx.h5",
    ])
    #expect(earlier.output.hasPrefix("Surface of SPX by its chain, 2002-06-03 15:59"))
    for (words, code, text) in [
      (["--date", Self.date, "--time", "12:00", "--surfaces", "spx.h5"], 64, "has 2, from 15:59 to 16:00"),
      (["--date", "2002-06-04", "--surfaces", "spx.h5"], 64, "no surface of SPX on 2002-06-04"),
      (["--date", Self.date, "--surfaces", "market.h5"], 1, "is not fitted surfaces"),
      (["--write-surfaces", "vix.csv"], 1, "exists and is not fitted surfaces"),
      (["--write-surfaces", "s.h5", "--from", "2002-06-04"], 64, "no session between --from and --to"),
      (["--write-surfaces", "s.h5", "--from", "soon"], 64, "--from is soon"),
      (["--write-surfaces", "s.h5", "--symbol", "XYZ"], 64, "has no chain of XYZ, but of SPX"),
      (["--write-surfaces", "s.h5", "--time", "10:00"], 64, "--time goes with --date"),
    ] as [([String], Int32, String)] {
      let outcome = try place.strikeforge(["surface", "market.h5"] + words)
      #expect(outcome.exitCode == code && outcome.errors.contains(text), "\(words): \(outcome)")
    }
    // Another chain of the same day: its volatilities are not the ones that were kept.
    let series = Self.bars
    let row = try #require(series.dates.firstIndex { "\($0)" == Self.date })
    try place.folder.write(
      Self.chain(around: series.close[row], times: ["15:59", "16:00"], level: 0.22), to: "other.csv")
    try place.succeed(["import", "other.csv", "--output", "other.h5"])
    let other = try place.strikeforge("surface", "other.h5", "--date", Self.date, "--surfaces", "spx.h5")
    #expect(other.exitCode == 64 && other.errors.contains("another chain of SPX on 2002-06-03"), "\(other)")
  }

  /// Two underlyings in one file are two chains; one chain of the options of both is told to be none.
  @Test func twoUnderlyingsAreToldApart() throws {
    let place = try Workplace()
    func table(_ rows: [(underlying: String, root: String)]) -> String {
      "timestamp,underlying,type,strike,expiry,bid,ask,root\n"
        + rows.flatMap { row in
          (90...110).flatMap { strike in
            ["call", "put"].map { right in
              let inside = max(right == "call" ? 100 - strike : strike - 100, 0)
              let value = 3 * exp(-Double((strike - 100) * (strike - 100)) / 60) + Double(inside)
              return
                "2024-03-07 16:00,\(row.underlying),\(right),\(strike),2024-03-15,\(MadeChain.cents(value)),\(MadeChain.cents(value + 0.05)),\(row.root)\n"
            }
          }
        }.joined()
    }
    try place.folder.write(table([("XYZ", "XYZ"), ("ABC", "ABC")]), to: "two.csv")
    let imported = try place.succeed(["import", "two.csv", "--output", "two.h5"])
    #expect(imported.output.contains("options of XYZ: 42") && imported.output.contains("options of ABC: 42"))
    for name in ["XYZ", "ABC"] {
      let shown = try place.succeed(["surface", "two.h5", "--symbol", name, "--date", "2024-03-07"]).output
      #expect(shown.hasPrefix("Surface of \(name) by its chain"))
    }
  }
}
