// What an executed order did, with its costs itemised.

/// One executed order. Money is in micro-dollars (1e-6 $), rounded once, half to even, when booked.
package struct Fill: Sendable, Equatable {
  /// Index of the symbol in the tape.
  package var symbol: Int
  /// The bar at whose open the order was filled; at whose close where it ends a listing.
  package var bar: Int
  /// +1 buy, -1 sell.
  package var side: Int
  /// Adjusted shares, positive, fractional.
  package var shares: Double
  /// The open (the close where it ends a listing) that the fill is measured against, adjusted dollars per share.
  package var referencePriceDollars: Double
  /// The price paid or received, adjusted dollars per share: the reference moved by half-spread and impact.
  package var fillPriceDollars: Double
  /// shares x fill price, rounded once.
  package var notionalMicroDollars: Int64
  package var halfSpreadCostMicroDollars: Int64
  package var impactCostMicroDollars: Int64
  package var commissionMicroDollars: Int64
  /// True where the order was cut to what cash could pay.
  package var wasCut: Bool
  /// True where nothing was known of the volume, so that the impact is the conservative one.
  package var volumeWasUnknown: Bool
  /// The number of an option among those of its session; -1 for shares.
  package var contract: Int32
  /// What it was filled better than the far touch by: gain that rests on being filled inside the quote. 0 at the touch and beyond.
  package var insideSpreadMicroDollars: Int64
  /// Whether nobody decided it: the symbol is no longer traded behind this bar, and what was held was closed at its last close.
  package var endsListing: Bool

  package init(
    symbol: Int, bar: Int, side: Int, shares: Double, referencePriceDollars: Double, fillPriceDollars: Double,
    notionalMicroDollars: Int64, halfSpreadCostMicroDollars: Int64, impactCostMicroDollars: Int64,
    commissionMicroDollars: Int64, wasCut: Bool, volumeWasUnknown: Bool = false, contract: Int32 = -1,
    insideSpreadMicroDollars: Int64 = 0, endsListing: Bool = false
  ) {
    self.symbol = symbol
    self.bar = bar
    self.side = side
    self.shares = shares
    self.referencePriceDollars = referencePriceDollars
    self.fillPriceDollars = fillPriceDollars
    self.notionalMicroDollars = notionalMicroDollars
    self.halfSpreadCostMicroDollars = halfSpreadCostMicroDollars
    self.impactCostMicroDollars = impactCostMicroDollars
    self.commissionMicroDollars = commissionMicroDollars
    self.wasCut = wasCut
    self.volumeWasUnknown = volumeWasUnknown
    self.contract = contract
    self.insideSpreadMicroDollars = insideSpreadMicroDollars
    self.endsListing = endsListing
  }
}
