// Which options of a store a run trades: minutes, and the chains or the index of which their quotes are.

import Configuration
import Environments
import Market
import Storage

/// The tape of a run over options, and what must be known of it.
struct OptionChoice {
  let tape: MarketTape
  /// What the adjustment factors of the symbols hold, in their order.
  let distributions: [Distributions]
  /// The daily indices of the store.
  let indices: [BarSeries]
  /// Where quotes come from, and what is missing, in sentences.
  let notes: [String]
  /// Of each symbol without quotes of its own.
  let surfaces: [(history: SurfaceHistory, law: SurfaceLaw)]

  /// Dates outside of `dates` give no contracts; bars before them are history. Throws where the store does not hold what is asked for.
  init(
    _ world: RunConfiguration.World, _ needs: OptionNeeds, dates: ClosedRange<CalendarDate>,
    from store: MarketStoreFile, report: QualityReport, moves: Double = 1
  ) throws(TrainingError) {
    let catalogue = store.catalogue.filter { !$0.isExtendedHours }
    let symbols = try OptionChoice.symbols(world, needs, catalogue, store)
    let quotes = try OptionChoice.quotes(needs, symbols, store)
    let wanted = { (entry: SeriesEntry) in
      guard !entry.isExtendedHours else { return false }
      return entry.width == .minute ? symbols.contains(entry.symbol) : true
    }
    var read: [BarSeries]
    do {
      read = try store.series { wanted($0) }
    } catch {
      throw .storage(error)
    }
    guard !read.isEmpty, QualityGate.examine(read, allowances: report.allowances).passed else {
      throw .refused("\(store.path) has a passing record, but its bars do not pass the quality gate; import them again")
    }
    if moves != 1 { read = EnvironmentFactory.moved(read, by: moves, index: needs.indexSymbol) }
    var underlyings: [OptionTape.Underlying] = []
    let synthetic = store.provenance.syntheticSymbols(among: symbols)
    for symbol in symbols {
      guard let minutes = read.first(where: { $0.symbol == symbol && $0.width == .minute }) else {
        throw OptionChoice.conflict("\(store.path) holds no minutes of \(symbol)")
      }
      underlyings.append(
        OptionTape.Underlying(
          minutes: minutes.withoutFilledRows, areMinutesSynthetic: synthetic.contains(symbol),
          quotes: try OptionChoice.source(quotes, needs, minutes, read, dates, store)))
    }
    let options = OptionTape(underlyings, rules: needs.rules, dates: dates)
    guard options.placeCount > 0 else {
      let reasons = OptionChoice.absences(options) + OptionChoice.ranges(underlyings, read, needs)
      throw OptionChoice.conflict(
        "\(store.path) holds no session from \(dates.lowerBound) to \(dates.upperBound) in which an option of "
          + "\(symbols.joined(separator: ", ")) can be traded (\(reasons.joined(separator: "; "))); take other dates (a run's are those of the section split), or import more"
      )
    }
    tape = MarketTape(options: options, syntheticSymbols: synthetic)
    distributions = underlyings.map(\.minutes.distributions)
    // The index that quotes are made of is no market to be compared with.
    indices = read.filter { !$0.instrument.isTradable && $0.width == .session && $0.symbol != needs.indexSymbol }
    surfaces = underlyings.compactMap { one in
      if case .surface(let history, let law, _) = one.quotes { (history, law) } else { nil }
    }
    notes = OptionChoice.stamps(options, needs, synthetic) + OptionChoice.absences(options)
  }

  /// The underlyings, in order: those that are named, or all that have minutes.
  private static func symbols(
    _ world: RunConfiguration.World, _ needs: OptionNeeds, _ catalogue: [SeriesEntry], _ store: MarketStoreFile
  ) throws(TrainingError) -> [String] {
    let held = catalogue.filter { $0.width == .minute }.map(\.symbol)
    let symbols = world.assets.isEmpty ? held.filter { $0 != needs.indexSymbol } : world.assets
    guard !symbols.isEmpty else {
      throw conflict("\(store.path) holds no minutes; import minutes of what options are of")
    }
    for symbol in symbols where !held.contains(symbol) {
      throw conflict(
        "environment.assets names \(symbol), of which \(store.path) holds no minutes"
          + (held.isEmpty ? "" : ", but of \(held.joined(separator: ", "))")
          + "; import them, or drop it from --symbols"
      )
    }
    guard world.barWidth ?? .minute == .minute else {
      throw conflict("options are traded minute by minute; leave environment.bar_width out, or set it to minute")
    }
    guard world.benchmarkSymbol.isEmpty else {
      throw conflict(
        "environment.benchmark_symbol is \(world.benchmarkSymbol), with which options are not compared; leave it out")
    }
    try MarketChoice.require(source: world.dataSource, of: symbols, store)
    return symbols
  }

  /// One kind for all symbols.
  private static func quotes(
    _ needs: OptionNeeds, _ symbols: [String], _ store: MarketStoreFile
  ) throws(TrainingError) -> OptionNeeds.Quotes {
    let without = symbols.filter { symbol in !store.chains.contains { $0.underlying == symbol } }
    switch needs.quotes {
    case .fair, .market: return needs.quotes
    case .auto where without.count == symbols.count: return .fair
    case .auto, .chain:
      guard without.isEmpty else {
        throw conflict(
          "\(store.path) holds no chain of \(without.joined(separator: ", "))"
            + (without.count < symbols.count
              ? ", but of the other symbols, and quotes and SYNTHETIC ones are not mixed" : "")
            + "; import one, leave the symbol out of --symbols, or set --surface fair")
      }
      return .chain
    }
  }

  private static func source(
    _ quotes: OptionNeeds.Quotes, _ needs: OptionNeeds, _ minutes: BarSeries, _ read: [BarSeries],
    _ dates: ClosedRange<CalendarDate>, _ store: MarketStoreFile
  ) throws(TrainingError) -> OptionTape.Underlying.Quotes {
    let symbol = minutes.symbol
    guard let law = quotes.law else {
      guard let entry = store.chains.first(where: { $0.underlying == symbol }) else {
        throw conflict("\(store.path) holds no chain of \(symbol)")
      }
      do {
        return .chain(try store.chain(entry) { !$0.isExtendedHours && dates.contains($0.date) })
      } catch {
        throw .storage(error)
      }
    }
    func daily(_ symbol: String) -> BarSeries? { read.first { $0.symbol == symbol && $0.width == .session } }
    guard let index = daily(needs.indexSymbol) else {
      let names = read.filter { !$0.instrument.isTradable && $0.width == .session }.map(\.symbol)
      throw conflict(
        "SYNTHETIC quotes of \(symbol) are made of the daily closes of \(needs.indexSymbol), which \(store.path) does not hold"
          + (names.isEmpty ? "" : " (it has \(names.joined(separator: ", ")))")
          + "; import them with --index \(needs.indexSymbol)=FILE, or name another with --index")
    }
    let isVIX = VolatilityIndex.isVIX(index.symbol)
    guard isVIX || law == .fair else {
      throw conflict("--surface market was measured on the VIX and says nothing of \(index.symbol); take fair")
    }
    let days = daily(symbol) ?? minutes.sessionBars
    let benchmark =
      SyntheticSurface.symbolRatio(of: symbol) == 1
      ? nil : SyntheticSurface.benchmarks.lazy.filter { $0 != symbol }.compactMap { daily($0) }.first
    let history = SurfaceHistory(underlying: days, index: index, benchmark: benchmark)
    return .surface(history, law, leastFairSessions: isVIX ? 0 : FairRatio.leastSessions)
  }

  /// synthetic: symbols whose bars were made up, and so their chains.
  private static func stamps(_ options: OptionTape, _ needs: OptionNeeds, _ synthetic: [String]) -> [String] {
    var notes: [String] = []
    for (place, symbol) in options.symbols.enumerated() {
      for source in options.sources(symbol: place).sorted(by: { $0.rawValue < $1.rawValue }) {
        notes.append(
          source == .chain
            ? "options of \(symbol.name): \(synthetic.contains(symbol.name) ? "SYNTHETIC " : "")quotes of its chain"
            : "options of \(symbol.name): SYNTHETIC quotes (\(source.rawValue)) of \(needs.indexSymbol) of the evening before"
        )
      }
    }
    return notes
  }

  /// From when to when there is anything that quotes are made of.
  private static func ranges(
    _ underlyings: [OptionTape.Underlying], _ read: [BarSeries], _ needs: OptionNeeds
  ) -> [String] {
    func range(_ what: String, _ dates: [CalendarDate]?) -> String? {
      guard let dates, let first = dates.first, let last = dates.last else { return nil }
      return "\(what) from \(first) to \(last)"
    }
    var ranges: [String?] = []
    for one in underlyings {
      ranges.append(range("it has minutes of \(one.minutes.symbol)", one.minutes.dates))
      guard case .surface = one.quotes else { continue }
      let index = read.first { $0.symbol == needs.indexSymbol && $0.width == .session }
      ranges.append(range("closes of \(needs.indexSymbol)", index?.dates))
    }
    return ranges.compactMap { $0 }
  }

  /// Sessions in which nothing can be traded, by symbol and reason.
  private static func absences(_ options: OptionTape) -> [String] {
    options.symbols.enumerated().compactMap { place, symbol in
      let sessions = options.sessions[place]
      let parts = OptionTape.Absence.allCases.compactMap { why in
        let count = sessions.count { $0.absence == why }
        return count > 0 ? "\(count) \(why.words)" : nil
      }
      guard !parts.isEmpty else { return nil }
      return "of \(counted(sessions.count, "session")) of \(symbol.name) no option is traded in: "
        + parts.joined(separator: ", ")
    }
  }

  private static func conflict(_ text: String) -> TrainingError { .configuration(.conflict(text)) }
}
