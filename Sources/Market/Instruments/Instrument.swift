// What a series of prices is of, and what that allows.

/// A kind of thing that has prices.
package enum Instrument: String, Sendable, Hashable, CaseIterable {
  /// A share of a company or fund: bought and sold, with a volume.
  case share
  /// A number that is published: nobody can trade it, and what stands in the place of its volume (not-a-number where a file had none) means
  /// nothing.
  case index

  package var isTradable: Bool { self == .share }
  package var hasVolume: Bool { self == .share }
}
