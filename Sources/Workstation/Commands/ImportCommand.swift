// strikeforge import: bar files through the quality gate into a market store.

import Storage
import Text
import Training

struct ImportCommand: Command {
  static let description = CommandDescription(
    name: "import", summary: "Reads bars, questions them, and stores them with their provenance.",
    operands: "[SYMBOL=]FILE ...", operandCount: 1...1000,
    flags: [
      Flag("output", "FILE", "the market store to write (.h5); bars are added to one that is there"),
      Flag("replace", "makes a store that is there anew"),
      Flag("symbols", "A,B", "which symbols to take from files that name them; all by default"),
      Flag("extra-columns", "A,B", "columns beside the layout's own to keep, for environment.extra_columns"),
      Flag(
        "index", "SYMBOL=FILE", repeats: true,
        "a series that is an index, not a share: it needs no volume and is never traded, but may be a benchmark"),
      Flag(
        "allow", "CHECK:SYMBOL:DATE", repeats: true,
        "accepts one finding by name, for example price-continuity:AAPL:2000-09-29, or DATE..DATE; needs a --reason behind it"
      ),
      Flag("reason", "TEXT", repeats: true, "why the --allow before it is right; kept in the record and every report"),
      Flag(
        "split", "SYMBOL:DATE:FACTOR", repeats: true,
        "a split that the file does not tell, for example AAPL:2014-06-09:7 (3/2 and 1/8 too)"),
      Flag("factors", "SYMBOL=FILE", repeats: true, "splits and payments of a symbol, as a factor file of LEAN"),
      Flag("fill", "fills gaps of minutes that the gate lets pass, with bars that nobody may trade in"),
      Flag("dry-run", "tells what is understood, and stores nothing"),
      Flag("from", "DATE", "leaves out what is older"),
      Flag("until", "DATE", "leaves out what is newer"),
      Flag("common-dates", "takes the dates alone that all symbols have"),
      Flag("layout", "NAME", "the vendor's layout, where the columns do not tell it"),
      Flag("columns", "A,B", "what the columns hold, in file order: date,time,open,high,low,close,volume,- and so on"),
      Flag("zone", "ZONE", "the clock of the times: new-york, chicago, est or utc"),
      Flag("stamp", "SIDE", "which end of a minute its stamp tells: start or end"),
      Flag("adjusted", "WHAT", "what prices were adjusted for: none, splits or all"),
      Flag("decimal", "MARK", "what stands before decimals: point or comma"),
      Flag("price-divisor", "NUMBER", "what prices that are whole numbers are divided by, such as 10000"),
      Flag("dates", "ORDER", "of dates with slashes or points: day-first or month-first"),
    ],
    notes: """
      Layouts of many vendors are told by their columns, in any order and case, plain,
      gzip or in a zip (ARCHIVE.zip:MEMBER for one of its members); these are common:
        Ticker,Date,Open,High,Low,Close,Volume,Adj Close    raw prices with adjusted
                                                closes, several symbols a file
        Date,Open,High,Low,Close,Adj Close,Volume  the same for one symbol, written
                                                SYMBOL=FILE
        timestamp,open,high,low,close,volume    one symbol, written SYMBOL=FILE
        Date,Open,High,Low,Close                one index, given with --index
      Nothing is stored unless every check passes.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let asks = Console.isTerminal ? { Console.ask($0) } : nil as MarketImport.Answering?
    guard let refusal = try MarketImport(arguments).run(answer: asks, tell: { print($0) }) else { return 0 }
    complain("strikeforge import: \(refusal)")
    return 2
  }
}
