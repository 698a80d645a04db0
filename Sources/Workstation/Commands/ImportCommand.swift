// strikeforge import: bar files through the quality gate into a market store.

import Storage
import Text
import Training

struct ImportCommand: Command {
  static let description = CommandDescription(
    name: "import", summary: "Reads daily bars, questions them, and stores them with their provenance.",
    operands: "[SYMBOL=]FILE ...", operandCount: 1...1000,
    flags: [
      Flag("output", "FILE", "the market store to write (.h5)"),
      Flag("symbols", "A,B", "which symbols to take from files that name them; all by default"),
      Flag("extra-columns", "A,B", "columns beside the layout's own to keep, for environment.extra_columns"),
      Flag(
        "index", "SYMBOL=FILE", repeats: true,
        "a series that is an index, not a share: it needs no volume and is never traded, but may be a benchmark"),
      Flag(
        "allow", "CHECK:SYMBOL:DATE", repeats: true,
        "accepts one large move by name, for example price-continuity:AAPL:2000-09-29; needs a --reason behind it"),
      Flag("reason", "TEXT", repeats: true, "why the --allow before it is right; kept in the record and every report"),
    ],
    notes: """
      Four layouts are read, plain or gzip, their columns in any order and case:
        Ticker,Date,Open,High,Low,Close,Volume,Adj Close    raw prices with adjusted
                                                closes, several symbols a file
        Date,Open,High,Low,Close,Adj Close,Volume  the same for one symbol, written
                                                SYMBOL=FILE
        timestamp,open,high,low,close,volume    one symbol, written SYMBOL=FILE
        Date,Open,High,Low,Close                one index, given with --index
      Nothing is stored unless every check passes.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    guard let refusal = try MarketImport(arguments).run(tell: { print($0) }) else { return 0 }
    complain("strikeforge import: \(refusal)")
    return 2
  }
}
