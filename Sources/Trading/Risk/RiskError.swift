// Why a risk manager cannot be set up, or cannot answer.

import Text

/// What stops trading altogether: nothing is let through by a gate that is not whole.
package enum RiskError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Greeks without a unit.
  case noUnit(delta: Double)
  case notFinite
  case wrongPrice(Double)
  /// A part that must be there before anything is traded: its name, and what gives it.
  case missing(part: String, remedy: String)
  /// A setting that contradicts another one.
  case contradiction(String)
  /// The journal that keeps the latch over restarts could not be read or written.
  case journal(reason: String)

  package var description: String {
    switch self {
    case .noUnit(let delta):
      "the Greeks have no unit: a delta of \(DecimalText.fixed(delta, decimals: 2)) may be shares or dollars; say which"
    case .notFinite: "the Greeks are not all finite numbers; give the four of them as numbers"
    case .wrongPrice(let price): "the underlying's price is \(price); it must be a positive number of dollars"
    case .missing(let part, let remedy): "trading is refused: there is no \(part); \(remedy)"
    case .contradiction(let text): text
    case .journal(let reason): "trading is refused: the risk journal must be kept over restarts, and \(reason)"
    }
  }
}
