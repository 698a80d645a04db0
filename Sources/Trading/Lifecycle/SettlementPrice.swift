// The price that contracts settle on, and where it is from.

package import Market

/// A settlement price in ten-thousandths of a dollar, raw.
package struct SettlementPrice: Sendable, Hashable {
  /// Where it is from: reports say it. Never from outside the hours of a session.
  package enum Source: String, Sendable {
    /// The first price of the session, of the daily series or of whoever computes the index's opening value.
    case officialOpening = "official opening"
    /// The opening of a stored daily series: of an index its first value, which its opening settlement value may differ from.
    case dailyOpening = "opening of the daily series"
    case officialClose = "official close"
    /// The close of the last regular minute, where nobody says the official one.
    case lastMinute = "close of the last regular minute"
  }

  package var price: Int
  package var source: Source

  package init(price: Int, source: Source) {
    self.price = price
    self.source = source
  }
}

/// Whoever knows what underlyings opened and closed at. Contracts of one underlying and one time settle on one price.
package protocol SettlementPrices {
  /// nil where it is not known: nothing that needs it is settled.
  ///
  /// underlying: as in `ContractTable.underlyings`.
  func price(of underlying: String, at settlement: ContractTerms.Settlement) -> SettlementPrice?
}

/// Whether options on shares deliver them.
package enum ExerciseMode: String, Sendable, CaseIterable {
  /// Every option is paid its intrinsic value.
  case cash
  /// Options on shares are exercised and assigned: shares change hands at the strike.
  case physical
}

/// Why nothing was settled.
package enum SettlementProblem: Error, Equatable, Sendable {
  /// A contract that ends here has no price to settle on.
  case noPrice(underlying: String, contracts: [String], on: CalendarDate, at: ContractTerms.Settlement)
  /// Shares would be delivered, and the table does not have them.
  case noShare(underlying: String)
}
