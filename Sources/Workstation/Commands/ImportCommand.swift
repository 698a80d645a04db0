// strikeforge import: files of bars and option chains through the quality gate into a market store.

import Storage
import Text
import Training

struct ImportCommand: Command {
  static let description = CommandDescription(
    name: "import", summary: "Reads bars and option chains, questions them, and stores them with their provenance.",
    operands: "[SYMBOL=]FILE ...", operandCount: 0...1000,
    flags: MarketImport.flags,
    notes: """
      Layouts of many vendors are told by their columns, in any order and case, plain,
      gzip or in a zip (ARCHIVE.zip:MEMBER for one of its members); these are common:
        Ticker,Date,Open,High,Low,Close,Volume,Adj Close    raw prices with adjusted
                                                closes, several symbols a file
        Date,Open,High,Low,Close,Adj Close,Volume  the same for one symbol, written
                                                SYMBOL=FILE
        timestamp,open,high,low,close,volume    one symbol, written SYMBOL=FILE
        Date,Open,High,Low,Close                one index, given with --index
      Option chains are told the same way: of OptionsDX, Cboe, ThetaData, ORATS,
      DoltHub, Yahoo, LEAN, Massive and Databento; one whose file names no
      underlying is written SYMBOL=FILE.
      Nothing is stored unless every check passes.
      """)

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let bar = ProgressBar()
    defer { bar.clear() }
    func ask(_ question: ImportQuestion) -> String? {
      bar.clear()
      return Console.ask(question)
    }
    func tell(_ text: String) {
      bar.clear()
      print(text)
    }
    let refusal = try MarketImport(arguments).run(
      answer: Console.isTerminal ? ask : nil, progress: { bar.show($0, $1) }, tell: tell)
    guard let refusal else { return 0 }
    bar.clear()
    complain("strikeforge import: \(refusal)")
    return 2
  }
}
