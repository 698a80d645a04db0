// What a store knows of an underlying and its volatility index.

import Market
import Storage
import Text

/// Bars of a store, as `strikeforge surface` needs them.
struct SurfaceMarket {
  let underlying: BarSeries
  let index: BarSeries
  /// Minutes of the underlying in the sessions; nil where the store has none.
  let minutes: BarSeries?
  /// Whether those are made up.
  let areMinutesSynthetic: Bool
  /// What the fair ratio is of; nil: the underlying itself.
  let benchmark: BarSeries?
  let history: SurfaceHistory
  let contentHash: String

  /// What the fair ratio's first figure and the law `market` were measured on.
  var isVIX: Bool { VolatilityIndex.isVIX(index.symbol) }

  init(_ store: MarketStoreFile, _ arguments: Arguments) throws {
    let symbol = arguments.value("symbol") ?? "SPX"
    let ratio = try arguments.value("ratio").map { try SurfaceMarket.number($0, flag: "ratio", in: 0.01...100) }
    underlying = try SurfaceMarket.series(symbol, in: store)
    index = try SurfaceMarket.series(arguments.value("index") ?? "VIX", in: store)
    let has = { (name: String) in store.catalogue.contains { $0.width == .session && $0.symbol == name } }
    if let name = arguments.value("benchmark") {
      guard ratio == nil else {
        throw UsageError(
          "--ratio says what --benchmark would tell: take one of them", command: SurfaceCommand.description)
      }
      benchmark = name == symbol ? nil : try SurfaceMarket.series(name, in: store)
    } else if ratio != nil || SyntheticSurface.symbolRatio(of: symbol) == 1 {
      benchmark = nil
    } else {
      benchmark = try SyntheticSurface.benchmarks.first { $0 != symbol && has($0) }.map {
        try SurfaceMarket.series($0, in: store)
      }
    }
    guard ratio != nil || benchmark != nil || SyntheticSurface.symbolRatio(of: symbol) != nil else {
      throw UsageError(
        "what the volatility of \(PrintableText.name(symbol)) is of \(index.symbol) is not known: import daily bars of SPX or SPY beside it, or give "
          + "it with --ratio, 1 where the index is the symbol's own", command: SurfaceCommand.description)
    }
    minutes = try store.series { $0.symbol == symbol && $0.width == .minute && !$0.isExtendedHours }.first
    areMinutesSynthetic = minutes != nil && !store.provenance.syntheticSymbols(among: [symbol]).isEmpty
    history = SurfaceHistory(underlying: underlying, index: index, benchmark: benchmark, ratio: ratio)
    contentHash = store.contentHash
  }

  private static func series(_ symbol: String, in store: MarketStoreFile) throws -> BarSeries {
    let found = try store.series { $0.symbol == symbol && $0.width == .session }
    guard let series = found.first else {
      let names = store.catalogue.filter { $0.width == .session }.map(\.symbol)
      throw UsageError(
        "\(PrintableText.name(symbol)) has no daily bars in \(store.path)"
          + (names.isEmpty ? "" : ", which has those of \(names.joined(separator: ", "))")
          + ": import them, or name another with --symbol, --index or --benchmark", command: SurfaceCommand.description)
    }
    return series
  }

  /// A number of a flag.
  static func number(_ text: String, flag: String, in range: ClosedRange<Double>) throws -> Double {
    guard case .value(let number) = DecimalNumber.parse(Array(text.utf8)[...]), range.contains(number) else {
      throw UsageError(
        "--\(flag) is \(PrintableText.name(text)); it must be a number from \(range.lowerBound) to \(range.upperBound)",
        command: SurfaceCommand.description)
    }
    return number
  }

  /// The law that is asked for, where the index allows it.
  func law(_ arguments: Arguments) throws -> SurfaceLaw {
    let name = arguments.value("surface") ?? SurfaceLaw.fair.rawValue
    guard let law = SurfaceLaw(rawValue: name) else {
      throw UsageError(
        "--surface: there is no \(PrintableText.name(name)); take "
          + SurfaceLaw.allCases.map(\.rawValue).joined(separator: " or "), command: SurfaceCommand.description)
    }
    guard isVIX || law == .fair else {
      throw UsageError(
        "--surface market was measured on the VIX and says nothing of \(index.symbol): take fair",
        command: SurfaceCommand.description)
    }
    return law
  }
}
