// A chain of a synthetic surface, minute after minute: volatility, delta and quote of each contract, in nanoseconds of processor time.

import Market
import Pricing

final class SurfaceSubject {
  /// Eight expiries of 512 contracts.
  private static let sessionsAhead = [0, 1, 2, 3, 4, 5, 10, 21]
  private static let strikes = 256
  private let minutes: Int
  private var batch = SurfaceBatch()
  private let surface: SyntheticSurface
  private let rules = QuoteRules.of("SPY")

  init(isQuick: Bool) throws(BenchmarkError) {
    minutes = isQuick ? 10 : 380
    do {
      surface = try SyntheticSurface(
        .fair, .init(index: 16, indexKnown: Instant(nanoseconds: 0), spotThen: 600), at: Instant(nanoseconds: 1))
      for n in Self.sessionsAhead {
        try batch.append(
          sessionsAhead: n,
          contracts: (0..<Self.strikes).flatMap { place in
            let strike = 520 + 0.625 * Double(place)
            return [(side: OptionSide.call, strike: strike), (.put, strike)]
          })
      }
    } catch {
      throw .failed("\(error)")
    }
  }

  /// Nanoseconds a contract and minute, of processor time.
  func measure() throws(BenchmarkError) -> Double {
    let start = ProcessorTime.seconds
    do {
      for minute in 0..<minutes {
        let left = 0.65 * (1 - Double(minute) / 390)
        try batch.price(
          on: surface, spot: 600 + 0.01 * Double(minute % 97),
          years: Self.sessionsAhead.map { (left + Double($0)) / 252 },
          rules: rules, minute: minute, of: 390)
      }
    } catch {
      throw .failed("\(error)")
    }
    return (ProcessorTime.seconds - start) / Double(minutes * batch.count) * 1e9
  }
}
