// The tape of a run, and what of its windows a symbol can be traded in that was not listed all the time.

private import Configuration
private import Environments
import Market

extension EnvironmentFactory {
  /// The tape of what was chosen; all of it is there.
  static func tape(
    _ choice: MarketChoice, _ series: [BarSeries], synthetic: [String]
  ) throws(TrainingError) -> MarketTape {
    func find(_ symbol: String) -> BarSeries? {
      series.first { $0.symbol == symbol && $0.width == choice.width }
    }
    let traded = choice.traded.compactMap(find)
    let benchmark = find(choice.benchmark)
    guard choice.width == .session else {
      let tape = MarketTape(common: traded, benchmark: benchmark, syntheticSymbols: synthetic)
      guard tape.barCount > 0 else {
        throw .configuration(
          .conflict(
            "\((traded.map(\.symbol) + (benchmark.map { [$0.symbol] } ?? [])).joined(separator: ", ")) have no minute in common; import minutes of the same sessions"
          ))
      }
      return tape
    }
    // Symbols may be listed later, or no longer traded: the gate lets nothing else differ.
    let dates =
      traded.allSatisfy { $0.dates == traded[0].dates } ? traded[0].dates : Set(traded.flatMap(\.dates)).sorted()
    if let benchmark {
      let missing = benchmark.missingDates(of: dates)
      if let date = missing.first {
        throw .configuration(
          .conflict(
            "environment.benchmark_symbol \(choice.benchmark) has no bar on \(missing.count) of the \(dates.count) dates of "
              + "\(traded.map(\.symbol).joined(separator: ", ")), the first being \(date); import a benchmark that covers them, or shares of fewer dates"
          )
        )
      }
    }
    return MarketTape(listed: traded, benchmark: benchmark, syntheticSymbols: synthetic)
  }

  /// What of the training window a symbol can be traded in that was not listed all the time.
  func listingNotes(_ tape: MarketTape) -> [String] {
    let training = bars(of: .training, in: tape)
    return tape.symbols.indices.filter { !tape.isAlwaysListed($0) }.map { symbol in
      let listing = tape.listings[symbol]
      let own = decisionBars(symbol, of: tape).clamped(to: training).count
      return
        "\(tape.symbols[symbol]) has bars from \(tape.dates[listing.lowerBound]) to \(tape.dates[listing.upperBound - 1]) alone: it can be "
        + "traded at \(own) of the training window's \(training.count) bars; at others its choice is hold, and its columns are neutral"
    }
  }

  /// The bars at which a symbol may be ordered; all where no features look back.
  private func decisionBars(_ symbol: Int, of tape: MarketTape) -> Range<Int> {
    guard case .bars(let bars) = play else { return 0..<tape.barCount }
    return tape.decisionBars(symbol, warmUp: bars.featureBars)
  }

  /// Throws where a symbol can be traded at no decision that is learned from.
  func checkListings(_ tape: MarketTape) throws(TrainingError) {
    let training = bars(of: .training, in: tape)
    for symbol in tape.symbols.indices {
      let own = decisionBars(symbol, of: tape)
      guard !own.overlaps(training), !training.isEmpty else { continue }
      let listing = tape.listings[symbol]
      throw .refused(
        "\(tape.symbols[symbol]), with bars from \(tape.dates[listing.lowerBound]) to \(tape.dates[listing.upperBound - 1]), can be "
          + "traded at no decision of the training window, so that nothing is learned of it; leave it out of environment.assets, or change the dates of the "
          + "section split")
    }
  }
}
