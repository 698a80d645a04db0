// strikeforge price: what one option is worth.

import Text
import Training

struct PriceCommand: Command {
  static let description = CommandDescription(
    name: "price",
    summary:
      "Prices one option: Greeks, implied volatilities, early exercise; every number with its unit and its clock.",
    operands: "[SYMBOL]", operandCount: 0...1, flags: PriceQuestion.flags,
    notes: """
      `strikeforge price SPY251211C00600000 --now 2025-12-11T15:00 --spot 600 --volatility 0.15`,
      or `strikeforge price --side put --strike 597 --minutes 60 --spot 600 --bid 0.17 --ask 0.18`.
      European numbers are Black-Scholes-Merton's, on the spot less the present value of the dividends; American ones come
      from a Leisen-Reimer tree.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let answer = try PriceAnswer(try PriceQuestion(arguments))
    if arguments.has("json") {
      print(answer.json.prettyText, terminator: "")
    } else {
      for line in answer.lines { print(line) }
    }
    return 0
  }
}
