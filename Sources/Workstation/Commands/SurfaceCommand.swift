// strikeforge surface: what options would be quoted at where there is no chain, and what that hands to whom.

import Evaluation
import Market
import Pricing
import Storage
import Text
import Training

struct SurfaceCommand: Command {
  static let description = CommandDescription(
    name: "surface",
    summary:
      "Shows the synthetic surface of a day, made of a volatility index that was known the evening before, or what such surfaces hand to sellers.",
    operands: "STORE", operandCount: 1...1,
    flags: [
      Flag("symbol", "NAME", "the underlying, with daily bars in the store; SPX by default"),
      Flag("index", "NAME", "the volatility index, likewise; VIX by default"),
      Flag("benchmark", "NAME", "what other symbols are compared with; SPX or SPY by default"),
      Flag("ratio", "X", "the symbol's volatility over the index's, instead of that comparison"),
      Flag("premium", "what options cost and paid over all that the store holds"),
      Flag("json", "the same for programs"),
      Flag("date", "DATE", "the session whose surface is shown"),
      Flag("time", "HH:MM", "New York; the open by default, of a chain its last quotes"),
      Flag("surface", "LAW", "fair (default) or market; of --write-history also chain"),
      Flag("rate", "R", "a year, continuously compounded, such as 0.04; 0 by default, of a chain what parity says"),
      Flag("yield", "Q", "of dividends, likewise"),
      Flag("events", "FILE", "days on which an event takes volatility out: date,kind,share[,time]"),
      Flag("html", "FILE", "also writes a page of pictures"),
      Flag("write-history", "FILE", "the store's 30-day volatilities by session, for ranks"),
      Flag("history", "FILE", "ranks among the days of such a file instead of the store's"),
      Flag("write-surfaces", "FILE", "fits a chain in all its minutes, and keeps the surfaces"),
      Flag("from", "DATE", "of these: the first session; all by default"),
      Flag("to", "DATE", "of these: the last session"),
      Flag("surfaces", "FILE", "shows the surface of such a file instead of fitting it"),
    ],
    notes: """
      `strikeforge surface my.h5 --premium`: with an index itself as volatility every
      seller is handed a fifth of the premium; with `fair` nobody is handed anything.

      `strikeforge surface my.h5 --date 2016-03-01`: a page of what is quoted then.
      The price is that of the minute where the store has minutes of the symbol, else
      that of the close before. Everything on it is SYNTHETIC.

      Where the store has a chain of that day (`strikeforge import SPX=chain.csv`),
      its own smiles are shown, how they fit, what was mended, and the synthetic ones
      less them: `strikeforge surface my.h5 --symbol SPX --date 2024-03-07`.

      `strikeforge surface my.h5 --symbol SPX --write-surfaces spx.h5` fits every
      minute that is quoted once; `--surfaces spx.h5` finds them again.
      """)

  /// What each way of asking has for itself.
  private static let flagsOf: [(way: String, flags: [String])] = [
    ("premium", ["json"]), ("date", ["time", "surface", "rate", "yield", "events", "history", "html", "surfaces"]),
    ("write-history", ["surface"]), ("write-surfaces", ["from", "to", "rate"]),
  ]

  static func run(_ arguments: Arguments, _ families: Families) throws -> Int32 {
    let asked = flagsOf.filter { arguments.has($0.way) }
    guard asked.count == 1, let asked = asked.first else {
      throw UsageError("take one of --premium, --date, --write-history and --write-surfaces", command: description)
    }
    for (way, flags) in flagsOf where way != asked.way {
      for name in flags where arguments.has(name) && !asked.flags.contains(name) {
        throw UsageError("--\(name) goes with --\(way), not with --\(asked.way)", command: description)
      }
    }
    let store = try MarketStoreFile(arguments.operands[0])
    try store.requirePassingGate()
    if asked.way == "write-history", arguments.value("surface") == VolatilityHistory.Source.chain.rawValue {
      return try ChainHistory.write(store, arguments, to: arguments.value("write-history") ?? "")
    }
    if asked.way == "write-surfaces" {
      return try FittedSurfaces.write(store, arguments, to: arguments.value("write-surfaces") ?? "")
    }
    if let path = arguments.value("surfaces") {
      for line in try FittedSurfaces.lines(store, arguments, from: path) { print(line) }
      return 0
    }
    if let path = arguments.value("html") {
      try AtomicWrite.require(path, replacing: .page, inputs: [arguments.operands[0]])
    }
    if asked.way == "date" {
      let synthetic = { try SurfaceDay(SurfaceMarket(store, arguments), arguments) }
      if let page = try ChainSurfacePage.page(store, arguments, beside: synthetic) {
        for line in page.lines { print(line) }
        try picture(page.document, arguments)
        return 0
      }
    }
    let market = try SurfaceMarket(store, arguments)
    switch asked.way {
    case "premium":
      let premium = try SurfacePremium(PremiumStudy(market.history), isVIX: market.isVIX)
      if arguments.has("json") {
        print(premium.json.prettyText)
      } else {
        for line in premium.lines { print(line) }
      }
    case "date":
      let day = try SurfaceDay(market, arguments)
      for line in try SurfaceText.page(of: day) { print(line) }
      try picture(SurfacePage.report(of: day).document, arguments)
    default: try writeHistory(market, arguments, to: arguments.value("write-history") ?? "")
    }
    return 0
  }

  /// Writes the page where one is asked for.
  private static func picture(_ document: @autoclosure () throws -> ReportDocument, _ arguments: Arguments) throws {
    guard let path = arguments.value("html") else { return }
    try AtomicWrite.write(text: document().html, to: path, replacing: .page)
    print("with pictures: \(path)")
  }

  private static func writeHistory(_ market: SurfaceMarket, _ arguments: Arguments, to path: String) throws {
    try AtomicWrite.require(path, replacing: .volatilityHistory, inputs: [arguments.operands[0]])
    let history = VolatilityHistory(market.history, try market.law(arguments))
    guard let first = history.days.first, let last = history.days.last else {
      throw UsageError(
        "\(history.symbol) has no session of which its volatility is known: import more bars", command: description)
    }
    try VolatilityHistoryFile(history, madeOf: market.index.symbol, contentHash: market.contentHash).write(to: path)
    print(
      "wrote \(path): SYNTHETIC 30-day volatilities of \(history.symbol), \(counted(history.days.count, "session")), \(first.date) to \(last.date)"
    )
  }
}
