// The spread of an instrument whose bars have no quotes: a share of its price.

/// Half of what lies between bid and ask, as a share of the middle.
package struct RelativeSpread: Sendable, Hashable {
  /// Half of (ask - bid) / mid, in units of 1e-4.
  package var halfBasisPoints: Double

  package init(halfBasisPoints: Double) { self.halfBasisPoints = halfBasisPoints }

  package var halfFraction: Double { halfBasisPoints * 1e-4 }
}
