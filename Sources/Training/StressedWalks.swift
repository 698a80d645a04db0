// The same walk in a worse world: trading that costs more, and what else a market may do.

package import Environments
private import Evaluation
package import Market

extension EnvironmentFactory {
  /// The same walk where trading costs so many times as much, with the rules that are then others; nil where trading costs nothing.
  package func walk(_ window: Window, costsTimes factor: Double) throws(TrainingError) -> (
    environment: any TradingEnvironment, rules: [RuleLine]
  )? {
    guard let game = bars.costlier(configuration.game, factor) else { return nil }
    return try walk(window, playing: game)
  }

  /// The same walk under a stress that the game's own settings can make; nil for those that they cannot.
  package func walk(_ window: Window, under stress: MarketStress) throws(TrainingError) -> (
    environment: any TradingEnvironment, rules: [RuleLine]
  )? {
    if stress == .costs { return try walk(window, costsTimes: MarketStress.costFactor) }
    guard let game = bars.stressed?(configuration.game, stress) else { return nil }
    return try walk(window, playing: game)
  }

  /// The same world where prices move so many times as far around their growth, and the index that quotes are made of stands as much higher; nil where quotes
  /// are those of chains, which say nothing of other prices.
  package func moved(by factor: Double) throws(TrainingError) -> EnvironmentFactory? {
    if let market, market.tape.options != nil, market.surfaces.count < market.tape.symbols.count { return nil }
    return try EnvironmentFactory(configuration, trains: false, moves: factor)
  }

  /// index: the name of the volatility index that quotes of options are made of. Of bars alone, series that nobody trades stay as they are.
  static func moved(_ read: [BarSeries], by factor: Double, index: String = "") -> [BarSeries] {
    guard factor != 1 else { return read }
    var lines: [String: LargerMoves] = [:]
    // Those of minutes, where there are any, are what is played.
    for series in read.sorted(by: { $0.width == .minute && $1.width != .minute }) where lines[series.symbol] == nil {
      lines[series.symbol] = LargerMoves(series, factor: factor)
    }
    return read.map { series in
      if series.symbol == index { return series.levels(times: factor) }
      guard series.instrument.isTradable || !index.isEmpty else { return series }
      return lines[series.symbol]?.applied(to: series) ?? series
    }
  }

  /// Traps for games, which have no windows.
  private var bars: EnvironmentFamily.BarsPlay {
    guard case .bars(let bars) = play else {
      preconditionFailure("\(configuration.environment.name) has no windows")
    }
    return bars
  }

  private func walk(_ window: Window, playing game: any EnvironmentConfiguration) throws(TrainingError) -> (
    environment: any TradingEnvironment, rules: [RuleLine]
  ) {
    guard let market else { preconditionFailure("\(configuration.environment.name) has no windows") }
    let usual = rules
    do {
      let prepared = try bars.prepare(game, market.tape)
      return (
        try bars.walk(game, market.tape, prepared, self.bars(of: window, in: market.tape), 1),
        bars.rules(game, ReportText.shortest, market.tape.width).filter { !usual.contains($0) }
      )
    } catch {
      throw .environment(error)
    }
  }
}
