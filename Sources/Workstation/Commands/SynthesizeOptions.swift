// strikeforge synthesize options: minutes and a chain whose answer is known, for the whole road from import to verdict.

import Environments
import Market
import Pricing
import Storage
import Text

enum SynthesizeOptions {
  /// The operands that ask for them.
  static let markets = PlantedOptions.Answer.allCases.map(\.rawValue)

  static func run(_ answer: PlantedOptions.Answer, _ arguments: Arguments) throws -> Int32 {
    let command = SynthesizeCommand.description
    for (flag, instead) in [
      ("bars", "give --sessions instead"), ("rho", "leave it out"), ("bridge", "leave it out"),
      ("index", "leave it out"),
    ] where arguments.has(flag) {
      throw UsageError("--\(flag) is for other markets; of \(answer.rawValue) \(instead)", command: command)
    }
    let (output, seed) = try SynthesizeCommand.target(arguments)
    let symbol = try symbol(arguments)
    let chain = chainPath(beside: output)
    let dates = try SynthesizeCommand.dates(arguments, count: "sessions", usually: "2100", from: "2016-01-04")
    guard dates[0].civil.year >= 2000 else {
      throw UsageError("--from is \(dates[0]), but symbols of options begin with the year 2000", command: command)
    }
    try AtomicWrite.require(output, replacing: .bars)
    try AtomicWrite.require(chain, replacing: .syntheticChain)
    let market = PlantedOptions(answer, symbol: symbol, dates: dates, seed: seed)
    let (bytes, quotes) = written(market)
    try AtomicWrite.write(BarTableWriter.synthetic(market.minutes), to: output, replacing: .bars)
    try AtomicWrite.write(bytes, to: chain, replacing: .syntheticChain)
    print(
      "wrote \(output): SYNTHETIC minutes, \(counted(market.minutes.count, "bar")) of \(counted(dates.count, "session")), \(dates[0]) to \(dates[dates.count - 1]), seed \(seed)"
    )
    print("wrote \(chain): SYNTHETIC quotes of options, \(quotes) of \(answer.rawValue)")
    print("next: strikeforge import \(symbol)=\(output) \(chain) --output FILE.h5")
    return 0
  }

  /// `SYN.csv` has its chain in `SYN-options.csv`.
  static func chainPath(beside output: String) -> String {
    output.hasSuffix(".csv") ? output.dropLast(4) + "-options.csv" : output + "-options.csv"
  }

  private static func symbol(_ arguments: Arguments) throws(UsageError) -> String {
    let symbol = arguments.value("symbol") ?? "SYN"
    guard (try? OptionSymbol(symbol + "240102C00600000"))?.root == symbol, !symbol.contains(where: \.isNumber) else {
      throw UsageError(
        "--symbol is \(PrintableText.name(symbol)), but must be one to six capital letters",
        command: SynthesizeCommand.description)
    }
    return symbol
  }

  /// The file of all quotes, and how many there are.
  private static func written(_ market: PlantedOptions) -> (bytes: [UInt8], quotes: Int) {
    var writer = SyntheticChainWriter()
    writer.reserve(rows: market.days.reduce(0) { $0 + 2 * $1.strikes.count * 52 })
    var count = 0
    for day in market.days {
      var symbols: [Int: [UInt8]] = [:]
      for strike in day.strikes {
        for side in OptionSide.allCases {
          let contract = OptionContract(
            root: market.minutes.symbol, expiry: day.session.date, right: side == .call ? .call : .put,
            strikeThousandths: strike * 1000)
          symbols[key(strike, side)] = Array(contract.description.utf8)
        }
      }
      for minute in PlantedOptions.quotedMinutes(of: day.session) {
        writer.begin(knownAt: day.session.start(ofMinute: minute + 1))
        market.quotes(day, minute: minute) { strike, side, bid, ask in
          writer.append(symbol: symbols[key(strike, side)] ?? [], bid: bid, ask: ask)
          count += 1
        }
      }
    }
    return (writer.bytes, count)
  }

  private static func key(_ strike: Int, _ side: OptionSide) -> Int { 2 * strike + (side == .call ? 0 : 1) }
}
