// The words of `strikeforge price`.

import Kernels
import Pricing
import Text
import Workstation

/// An option's description, a word a line: whatever it says, the answer is numbers or a sentence.
final class PriceSubject: Subject {
  static let name = "price"

  func seeds() -> [[UInt8]] {
    let texts = [
      "SPY251211C00600000\n--now\n2025-12-11T15:00\n--spot\n600\n--volatility\n0.15",
      "SPX   251219P05900000\n--now=2025-12-18T10:31\n--spot=6000\n--rate=0.045\n--bid=10.5\n--ask=11\n--json",
      "--side\nput\n--strike\n597\n--minutes\n60\n--spot\n600\n--yield\n0.012\n--bid\n0.17\n--ask\n0.18\n--clock\nvariance",
      "O:AAPL251219C00200000\n--now\n2025-11-28 12:59\n--spot\n210\n--dividend\n2025-12-10=0.26\n--volatility\n.3\n--clock\ncalendar\n--steps\n51",
      "--side\ncall\n--strike\n100\n--expiry\n2025-07-05\n--now\n2025-07-03T09:00\n--spot\n100\n--volatility\n0.2\n--exercise\neuropean\n--settlement\nopen\n--tick\n0.05",
    ]
    return texts.map { Array($0.utf8) }
  }

  private static let tokens = [
    "\n", "\n--", "--side", "--strike", "--expiry", "--now", "--minutes", "--spot", "--rate", "--yield", "--dividend",
    "--volatility", "--clock", "--bid", "--ask", "--tick", "--exercise", "--settlement", "--steps", "--json", "=",
    "nan",
    "inf", "-1", "0", "1e300", "5e-324", "0x1p-1074", "390", "2025-12-25", "1990-01-01", "2035-12-31", "2036-01-01",
    "call", "put",
    "251340", "00000000", "XOM2", "\u{1B}[2J", "\u{E9}", "10001",
  ]

  func input(_ random: RandomStream, pool: Pool) -> [UInt8] {
    var mutator = Mutator(random: random, tokens: Self.tokens)
    return mutator.damaged(pool.document(&mutator), others: pool.documents)
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let words = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let answer: PriceAnswer
    do {
      answer = try PriceAnswer(try PriceQuestion(words: words.map(String.init)))
    } catch let error as UsageError {
      return try refusal(error.message)
    } catch {
      return try refusal("\(error)")
    }
    // No number that is none, and what a program reads is JSON.
    let json = answer.json
    try require(try JSON.parse(json.text) == json, "its JSON does not come back: \(json.text)")
    for line in answer.lines { _ = try refusal(line) }
    return .read
  }
}
