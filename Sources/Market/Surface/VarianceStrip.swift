// What a whole strip of options says of variance, without a model: the method of the volatility index.

import Glibc

/// The variance of one expiry by the options out of the money around its forward, each weighed by how far its neighbours are over the square of its strike.
///
/// Source: Cboe, "Cboe Volatility Index mathematics methodology", 2019: strikes go outwards from the last one at or below the forward; an option without a bid
/// is left out, and behind two *consecutive* strikes without one nothing is looked at.
package struct VarianceStrip: Sendable, Equatable {
  /// A strike as it is listed, with the middles of what is quoted on it, dollars; nil where nobody bids.
  package struct Rung: Sendable, Equatable {
    package var strike: Double
    package var call, put: Double?

    package init(strike: Double, call: Double?, put: Double?) {
      (self.strike, self.call, self.put) = (strike, call, put)
    }
  }

  /// By the strike whose call and put are nearest, dollars.
  package let forward: Double
  /// The last strike at or below the forward at which both are quoted.
  package let center: Double
  /// v^2 T, above 0.
  package let totalVariance: Double
  /// The outermost strikes that count, and how many do.
  package let lowest, highest: Double
  package let count: Int

  /// `rungs`: all that are listed, by strike, ascending. `discount`: of a dollar at the expiry. nil where no strike has both sides, one side has no option, or
  /// what is quoted adds up to no variance.
  package init?(_ rungs: [Rung], discount: Double) {
    guard discount > 0, discount.isFinite else { return nil }
    var nearest: (strike: Double, difference: Double)?
    for rung in rungs {
      guard let call = rung.call, let put = rung.put else { continue }
      if let best = nearest, abs(best.difference) <= abs(call - put) { continue }
      nearest = (rung.strike, call - put)
    }
    guard let nearest else { return nil }
    let forward = nearest.strike + nearest.difference / discount
    guard let middle = rungs.lastIndex(where: { $0.strike <= forward && $0.call != nil && $0.put != nil }),
      let call = rungs[middle].call, let put = rungs[middle].put
    else { return nil }
    let center = rungs[middle].strike
    let puts = VarianceStrip.outwards(rungs[..<middle].reversed().lazy.map { ($0.strike, $0.put) })
    let calls = VarianceStrip.outwards(rungs[(middle + 1)...].lazy.map { ($0.strike, $0.call) })
    guard let lowest = puts.last?.strike, let highest = calls.last?.strike else { return nil }
    let strip = puts.reversed() + [(strike: center, price: (call + put) / 2)] + calls
    var sum = 0.0
    for place in strip.indices {
      let (before, after) = (max(place - 1, 0), min(place + 1, strip.count - 1))
      let width = (strip[after].strike - strip[before].strike) / Double(after - before)
      sum += width / (strip[place].strike * strip[place].strike) * strip[place].price
    }
    let excess = forward / center - 1
    let total = 2 * sum / discount - excess * excess
    guard total > 0, total.isFinite else { return nil }
    (self.forward, self.center, totalVariance) = (forward, center, total)
    (self.lowest, self.highest, count) = (lowest, highest, strip.count)
  }

  /// Those with a bid, until two in succession have none.
  private static func outwards(
    _ rungs: some Sequence<(Double, Double?)>
  ) -> [(strike: Double, price: Double)] {
    var taken: [(strike: Double, price: Double)] = []
    var silent = 0
    for (strike, price) in rungs {
      guard let price else {
        silent += 1
        if silent == 2 { break }
        continue
      }
      silent = 0
      taken.append((strike, price))
    }
    return taken
  }
}

extension ChainStrikes {
  /// All strikes that are listed. A quote that cannot speak (old, crossed, without a bid or an ask) is none.
  package var rungs: [VarianceStrip.Rung] {
    var next = 0
    return listed.map { strike in
      guard next < strikes.count, strikes[next].strike == strike else {
        return VarianceStrip.Rung(strike: strike, call: nil, put: nil)
      }
      let quoted = strikes[next]
      next += 1
      return VarianceStrip.Rung(strike: strike, call: quoted.call?.middle, put: quoted.put?.middle)
    }
  }
}

extension ChainExpiry {
  /// nil where its forward is not known or the quotes make none.
  package var strip: VarianceStrip? { forward.flatMap { VarianceStrip(strikes.rungs, discount: $0.discount) } }
}

extension ChainSurface {
  /// The volatility at the money, on the variance clock, of so many days of the calendar: to the last close within them.
  package func atTheMoney(calendarDays: Int, calendar: TradingCalendar = .xnys) -> Double? {
    guard let ordinal = calendar.ordinal(of: date) else { return nil }
    return calendar.varianceYears(ofCalendarDays: calendarDays, from: ordinal, minute: minute)
      .flatMap { atTheMoney(years: $0) }
  }

  /// The volatility of so many days of the calendar by the strips of the two expiries around it, as the volatility index is made: linear in total variance by
  /// the calendar's minutes, over the calendar's year. nil where no two expiries with a strip lie around that term.
  package func modelFreeVolatility(calendarDays: Int) -> Double? {
    let years = Double(calendarDays) / 365
    let known = expiries.filter { $0.calendarYears > 0 }.sorted { $0.calendarYears < $1.calendarYears }
    // The nearest first on both sides: of most expiries no strip is made.
    let before = known.last { $0.calendarYears <= years && $0.strip != nil }
    let after = known.first { $0.calendarYears > years && $0.strip != nil }
    guard let before, let after, let low = before.strip, let high = after.strip else { return nil }
    let share = (years - before.calendarYears) / (after.calendarYears - before.calendarYears)
    let variance = low.totalVariance + share * (high.totalVariance - low.totalVariance)
    return (variance / years).squareRoot()
  }
}
