// benchmark surface: how fast a chain of 10,000 quotes becomes a checked surface.

import Glibc
import Market
import Pricing
import Text

/// `benchmark surface [--rounds N]`, and with `--month [--sessions N]` a month of minutes: see `SurfaceMonth`.
enum SurfaceVerb {
  static func run(_ words: [String]) throws(BenchmarkError) {
    let arguments = try Arguments(words, values: ["rounds", "sessions"], switches: ["month"])
    let asked = try arguments.count("rounds", limit: 10_000)
    if arguments.has("month") {
      return try SurfaceMonth(
        sessions: try arguments.count("sessions", limit: 250) ?? SurfaceMonth.usualSessions, rounds: asked ?? 7
      ).run()
    }
    guard !arguments.has("sessions") else { throw .usage("--sessions goes with --month") }
    let rounds = asked ?? 15
    let chain = try chain()
    guard let session = chain.sessions.first else { throw .failed("the chain has no session") }
    var times: [Double] = []
    var (smiles, quotes, inside) = (0, 0, 0)
    for _ in 0..<rounds {
      let start = seconds()
      do {
        let surface = try ChainSurface(chain, session, at: 150)
        times.append(seconds() - start)
        smiles = surface.expiries.count { $0.smile != nil }
        quotes = surface.expiries.reduce(0) { $0 + ($1.residuals?.count ?? 0) }
        inside = surface.expiries.reduce(0) { $0 + ($1.residuals?.inside ?? 0) }
      } catch {
        throw .failed(error.description)
      }
    }
    times.sort()
    print(
      "{\"contracts\": \(chain.contracts.count), \"smiles\": \(smiles), \"quotes_fitted\": \(quotes), \"inside_spread\": \(inside), "
        + "\"rounds\": \(rounds), \"milliseconds_median\": \(times[rounds / 2] * 1e3), \"milliseconds_least\": \(times[0] * 1e3)}"
    )
  }

  private static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// 40 expiries of 125 strikes, calls and puts, with a skew, in the index's ticks.
  private static func chain() throws(BenchmarkError) -> OptionChain {
    let calendar = TradingCalendar.xnys
    guard let date = CalendarDate("2024-03-07"), let first = calendar.ordinal(of: date) else {
      throw .failed("the calendar does not know 2024-03-07")
    }
    var builder = ChainBuilder(underlying: "SPX", columns: [.bid, .ask])
    let root = builder.root("SPXW")
    let rules = QuoteRules.of("SPX")
    let smile = RawSVI(a: 0.35, b: 0.62, rho: -0.45, m: 0.1, sigma: 1.05)
    for term in 1...40 {
      let last = first + (term <= 20 ? term : 20 + (term - 20) * 8)
      let remaining = calendar.remainingSessions(from: first, minute: 150, to: last)
      let years = VarianceClock().years(over: remaining)
      let deviation = 0.15 * years.squareRoot()
      let step = max(5, Int((5000 * deviation * 9 / 125 / 5).rounded()) * 5)
      for place in 0..<125 {
        let strike = 5000 + (place - 70) * step
        guard strike > 0 else { continue }
        let k = log(Double(strike) / 5000) / deviation
        let volatility = 0.15 * (smile.totalVariance(at: k) / smile.totalVariance(at: 0)).squareRoot()
        for right in [OptionSymbol.Right.call, .put] {
          let value: OptionValue<Double>
          do throws(PricingError) {
            value = try BlackScholes.value(
              OptionTerms(
                right == .call ? .call : .put, spot: 5000, strike: Double(strike), rate: 0, years: years,
                volatility: volatility))
          } catch {
            throw .failed(error.description)
          }
          let quote = OptionQuote(
            around: value.price,
            spread: rules.spread.spread(
              vegaPerVolatilityPoint: value.vegaPerVolatilityPoint, index: 15, minute: 150, of: 390),
            ticks: rules.ticks)
          builder.add(
            contract: builder.number(
              root: root, expiry: calendar.sessions[last].date, right: right, strikeThousandths: strike * 1000),
            date: date, isExtendedHours: false, minute: 149, values: [Int32(quote.bid), Int32(quote.ask)],
            openInterest: ChainValue.none, underlying: ChainValue.none)
        }
      }
    }
    guard let chain = builder.finish() else { throw .failed("the chain does not fit into memory") }
    return chain
  }
}
