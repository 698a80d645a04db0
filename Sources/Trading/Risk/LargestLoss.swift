// The most that positions can lose if they are held to their expiry, wherever the price goes.

/// A bound without a model: of the options of one underlying and one expiry, what they are worth now less the least that they can pay.
///
/// A long option can lose its premium, a covered combination its worst payoff. Whoever sells a call that nothing covers can lose anything. Contracts of
/// another expiry cover nothing, and shares neither: each expiry is bounded on its own, shares by all that they are worth, and the bounds add.
package enum LargestLoss {
  /// One leg: s is +1 for a call, -1 for a put and 0 for shares.
  package struct Leg: Sendable {
    package var underlying: Int32
    /// Days since 1970; shares have none that counts.
    package var expiry: Int32
    package var side: Int8
    package var strike: Double
    /// Units of the underlying, with the sign of the position.
    package var units: Double
    /// What a unit is worth now, dollars.
    package var price: Double

    package init(underlying: Int32, expiry: Int32, side: Int8, strike: Double, units: Double, price: Double) {
      self.underlying = underlying
      self.expiry = expiry
      self.side = side
      self.strike = strike
      self.units = units
      self.price = price
    }

    @inline(__always)
    func payoff(at spot: Double) -> Double {
      switch side {
      case 0: units * spot
      case 1: units * max(spot - strike, 0)
      default: units * max(strike - spot, 0)
      }
    }

    /// What a dollar more of the underlying adds when it is above all strikes.
    @inline(__always)
    var slopeAbove: Double { side >= 0 ? units : 0 }

    @inline(__always)
    func isGrouped(with other: Leg) -> Bool {
      underlying == other.underlying && (side == 0) == (other.side == 0) && (side == 0 || expiry == other.expiry)
    }
  }

  /// Dollars, at least 0; infinite where a call is sold that nothing covers. `count` legs; the square of it is the work. No memory is asked for.
  package static func dollars(_ legs: UnsafePointer<Leg>, count: Int) -> Double {
    if isOneGroup(legs, count) {
      // Nearly always: nobody need be asked which legs belong together.
      let loss = count == 0 ? 0 : loss(legs, count) { _ in true }
      return loss < .infinity ? loss : .infinity
    }
    var total = 0.0
    for first in 0..<count where isFirst(first, legs) {
      let loss = groupLoss(first, legs, count)
      if !(loss < .infinity) { return .infinity }
      total += loss
    }
    return total
  }

  package static func dollars(_ legs: [Leg]) -> Double {
    legs.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return 0 }
      return dollars(start, count: buffer.count)
    }
  }

  /// Whether a leg stands for its group: the first of its expiry, or of the shares.
  private static func isFirst(_ place: Int, _ legs: UnsafePointer<Leg>) -> Bool {
    for other in 0..<place where legs[other].isGrouped(with: legs[place]) { return false }
    return true
  }

  @inline(__always)
  private static func isOneGroup(_ legs: UnsafePointer<Leg>, _ count: Int) -> Bool {
    for place in 1..<max(count, 1) where !legs[place].isGrouped(with: legs[0]) { return false }
    return true
  }

  private static func groupLoss(_ first: Int, _ legs: UnsafePointer<Leg>, _ count: Int) -> Double {
    let group = legs[first]
    return loss(legs, count) { legs[$0].isGrouped(with: group) }
  }

  /// Of the legs of a group.
  @inline(__always)
  private static func loss(_ legs: UnsafePointer<Leg>, _ count: Int, of isIn: (Int) -> Bool) -> Double {
    var value = 0.0
    var slope = 0.0
    for place in 0..<count where isIn(place) {
      value += legs[place].units * legs[place].price
      slope += legs[place].slopeAbove
    }
    if slope < 0 { return .infinity }
    // A line between corners is least at one of them: at zero, or at a strike.
    var least = Double.infinity
    for corner in -1..<count where corner < 0 || isIn(corner) {
      let spot = corner < 0 ? 0 : legs[corner].side == 0 ? 0 : legs[corner].strike
      var payoff = 0.0
      for place in 0..<count where isIn(place) { payoff += legs[place].payoff(at: spot) }
      least = min(least, payoff)
    }
    return max(value - least, 0)
  }
}
