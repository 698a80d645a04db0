// Scripted days of `strikeforge desk`.

import Kernels
import Text
import Trading
import Workstation

/// A day of JSON lines: whatever it says, it is played with books that balance, or refused in a sentence.
final class DeskSubject: Subject {
  static let name = "desk"

  func seeds() -> [[UInt8]] {
    let call = "\"SPY251211C00606000\""
    let quote = "{\"quote\": \(call), \"time\": \"10:0"
    let texts = [
      "{\"session\": \"2025-12-11\"}\n{\"price\": \"SPY\", \"time\": \"10:00\", \"dollars\": 600}\n\(quote)0\", \"bid\": 0.44, \"ask\": 0.46}\n"
        + "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\(call): -1}, \"quantity\": 2}\n\(quote)1\", \"bid\": 0.43, \"ask\": 0.45}\n"
        + "{\"order\": 2, \"time\": \"10:01\", \"closes\": {\(call): 1}, \"of\": 1, \"aggressive\": 0.5, \"chase\": 0.1, \"give_up\": 3}\n"
        + "\(quote)3\", \"bid\": 0.2, \"ask\": 0.25, \"volume\": 9, \"filled_forward\": true}\n{\"close\": \"SPY\", \"dollars\": 606.4}",
      "{\"session\": \"2025-12-11\"}\n{\"price\": \"SPY\", \"time\": \"15:00\", \"dollars\": 600}\n"
        + "{\"quote\": \(call), \"time\": \"15:00\", \"bid\": 0.44, \"ask\": 0.46, \"volume\": 40, \"open_interest\": 900}\n"
        + "{\"order\": 1, \"time\": \"15:00\", \"selects\": \"SPY\", \"right\": \"call\", \"delta\": 0.1, \"least_volume\": 40, "
        + "\"least_open_interest\": 900, \"highest_rank\": 0.8, \"exit\": \"full_target\"}\n"
        + "{\"quote\": \(call), \"time\": \"15:01\", \"bid\": 0.43, \"ask\": 0.45}\n{\"close\": \"SPY\", \"dollars\": 600}",
      "{\"session\": \"2020-08-28\"}\n{\"quote\": \"AAPL200918C00500000\", \"time\": \"10:00\", \"bid\": 10, \"ask\": 10.2}\n"
        + "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"AAPL200918C00500000\": 1}, \"stop\": 10}\n"
        + "{\"quote\": \"AAPL200918C00500000\", \"time\": \"10:02\", \"bid\": 10, \"ask\": 10.2, \"ask_size\": 3}\n"
        + "{\"session\": \"2020-08-31\"}\n{\"split\": \"AAPL\", \"becomes\": 4}\n{\"dividend\": \"AAPL\", \"dollars\": 0.82}\n"
        + "{\"payment\": \"AAPL\", \"dollars\": 3}\n{\"cancel\": 1, \"time\": \"09:31\"}\n{\"opening\": \"AAPL\", \"dollars\": 127}",
      "{\"session\": \"2025-12-18\"}\n{\"quote\": \"SPY\", \"time\": \"10:00\", \"bid\": 680, \"ask\": 680.02}\n"
        + "{\"order\": 1, \"time\": \"10:00\", \"opens\": {\"SPY\": 100}, \"limit\": 68001}\n"
        + "{\"quote\": \"SPY\", \"time\": \"10:01\", \"bid\": 679, \"ask\": 679.02, \"lowest_ask\": 678}\n{\"session\": \"2025-12-19\"}",
    ]
    return texts.map { Array($0.utf8) }
  }

  private static let tokens = [
    "\n", "{", "}", "\"", ":", ", ", "\"session\"", "\"quote\"", "\"price\"", "\"order\"", "\"cancel\"", "\"opening\"",
    "\"close\"", "\"dividend\"", "\"split\"", "\"payment\"", "\"opens\"", "\"closes\"", "\"of\"", "\"quantity\"",
    "\"limit\"", "\"stop\"", "\"aggressive\"", "\"becomes\"", "\"filled_forward\"", "true", "-1", "0", "1", "100",
    "1000",
    "10000", "100000", "1e300", "-0.0001", "9223372036854775807", "1099511627776", "null", "\"09:31\"", "\"16:00\"",
    "\"16:15\"", "2025-12-12", "2015-12-24", "SPX251219C06800000", "SPXW251219P06800000", "GOOG1151224C00740000", "SPX",
    "\"selects\"", "\"least_volume\"", "\"open_interest\"", "\u{1B}[2J", "\u{E9}",
  ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: Self.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    for exercise in ExerciseMode.allCases {
      var settings = DeskSettings()
      settings.exercise = exercise
      settings.rateAnnual = 0.05
      settings.slots = 4
      let play: DeskPlay
      do {
        play = try DeskPlay(try DeskScript(bytes, path: "day.jsonl"), settings)
      } catch {
        return try refusal("\(error)")
      }
      try require(play.desk.widestGap == 0, "the books are off by \(play.desk.widestGap) micro-dollars")
      for line in play.lines { _ = try refusal(line.isEmpty ? "-" : line) }
    }
    return .read
  }
}
