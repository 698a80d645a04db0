// Which series of a store a run reads, and whether they are those that it asked for.

private import Configuration
import Market
import Storage

/// The series of a store that a run reads: those that are traded, the one that they are compared with, and all daily indices.
struct MarketChoice {
  let width: BarWidth
  /// In the order in which they are traded.
  let traded: [String]
  /// Empty for none.
  let benchmark: String

  /// Throws where the store does not hold what is asked for.
  init(_ world: RunConfiguration.World, from store: MarketStoreFile) throws(TrainingError) {
    let catalogue = store.catalogue.filter { !$0.isExtendedHours }
    width = try MarketChoice.width(world, catalogue)
    benchmark = world.benchmarkSymbol
    let (width, benchmark) = (width, benchmark)
    let held = catalogue.filter { $0.width == width }
    let names = held.map(\.symbol).joined(separator: ", ")
    for symbol in world.assets {
      guard let one = held.first(where: { $0.symbol == symbol }) else {
        throw MarketChoice.conflict(
          catalogue.contains { $0.symbol == symbol }
            ? "environment.assets names \(symbol), of which \(world.store) holds no \(MarketChoice.words(width)); import them, or set environment.bar_width=\(MarketChoice.other(width).rawValue)"
            : "environment.assets names \(symbol), but \(world.store) holds \(names); import it or drop it")
      }
      guard one.instrument.isTradable else {
        throw MarketChoice.conflict(
          "environment.assets names \(symbol), which is an index in \(world.store): nobody can trade it; drop it, or name it in "
            + "environment.benchmark_symbol")
      }
    }
    guard benchmark.isEmpty || held.contains(where: { $0.symbol == benchmark }) else {
      throw MarketChoice.conflict(
        "environment.benchmark_symbol is \(benchmark), but \(world.store) holds \(names)"
          + (width == .minute ? " as minutes" : "") + "; import it (an index with --index) or name another")
    }
    guard !world.assets.contains(benchmark) else {
      throw MarketChoice.conflict(
        "environment.benchmark_symbol is \(benchmark), which is traded too: a portfolio's beta against its own share says little "
          + "but the position; name a series that environment.assets leaves out")
    }
    traded =
      world.assets.isEmpty
      ? held.filter { $0.instrument.isTradable && $0.symbol != benchmark }.map(\.symbol) : world.assets
    guard !traded.isEmpty || held.isEmpty else {
      throw MarketChoice.conflict("\(world.store) holds no share to trade beside \(names); import one")
    }
    try MarketChoice.require(source: world.dataSource, of: traded, store)
  }

  /// Whether a run reads that series.
  func reads(_ entry: SeriesEntry) -> Bool {
    guard !entry.isExtendedHours else { return false }
    if entry.width == width { return traded.contains(entry.symbol) || entry.symbol == benchmark || isIndex(entry) }
    return isIndex(entry)
  }

  private func isIndex(_ entry: SeriesEntry) -> Bool { !entry.instrument.isTradable && entry.width == .session }

  /// The width that is asked for, or the one that all symbols that are traded have.
  private static func width(
    _ world: RunConfiguration.World, _ catalogue: [SeriesEntry]
  ) throws(TrainingError) -> BarWidth {
    let tradable = catalogue.filter { $0.instrument.isTradable && $0.symbol != world.benchmarkSymbol }
    if let asked = world.barWidth {
      guard tradable.isEmpty || tradable.contains(where: { $0.width == asked }) else {
        throw conflict(
          "environment.bar_width is \(asked.rawValue), but \(world.store) holds no \(words(asked)) of a share; import them, or set it to auto"
        )
      }
      return asked
    }
    var widths = Set(tradable.map(\.width))
    let named = world.assets.filter { asset in tradable.contains { $0.symbol == asset } }
    if !named.isEmpty {
      widths = named.reduce(Set(BarWidth.allCases)) { common, asset in
        common.intersection(tradable.filter { $0.symbol == asset }.map(\.width))
      }
      guard !widths.isEmpty else {
        throw conflict(
          "of \(named.joined(separator: ", ")) \(world.store) holds daily bars of some and minutes of others alone; import one width of all of them"
        )
      }
    }
    guard widths.count < 2 else {
      throw conflict(
        "\(world.store) holds daily bars and minutes; say which are traded with environment.bar_width=session or environment.bar_width=minute"
      )
    }
    return widths.first ?? .session
  }

  /// Throws unless all files of the symbols were read by that layout.
  static func require(
    source: String, of symbols: [String], _ store: MarketStoreFile
  ) throws(TrainingError) {
    guard !source.isEmpty else { return }
    for symbol in symbols {
      let layouts = store.provenance.filter { $0.symbols.contains(symbol) }.map(\.layout)
      guard layouts.isEmpty || layouts.contains(where: { $0 != source }) else { continue }
      var others: [String] = []
      for layout in layouts where layout != source && !others.contains(layout) { others.append(layout) }
      throw .refused(
        "environment.data_source is \(source), but \(symbol) in \(store.path) was imported from "
          + "\(others.isEmpty ? "no known layout" : others.joined(separator: " and ")); import it from files of \(source), "
          + "or leave --data-source out")
    }
  }

  private static func words(_ width: BarWidth) -> String { width == .minute ? "minutes" : "daily bars" }

  private static func other(_ width: BarWidth) -> BarWidth { width == .minute ? .session : .minute }

  private static func conflict(_ text: String) -> TrainingError { .configuration(.conflict(text)) }
}
