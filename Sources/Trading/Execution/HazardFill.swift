// Fill rule B: resting orders where nobody knows what was quoted inside a minute.

internal import Glibc
package import Kernels

/// Fills by chance: in one minute with probability 1 - exp(-lambda e^(eta (a - 1/2))), where a is how far the limit goes across the quote (0 the own touch,
/// 1 the far one, where the fill is certain); outside of the quote (a < 0) never.
///
/// A fill says something of what comes: the middle is taken to move against the order, by `adverseMillionths` of the half-spread, and by no less than the
/// fill was better than the middle. The last is what keeps someone who quotes both sides of a market without direction from earning the spread.
package struct HazardRule: Sendable, Hashable {
  /// lambda: at the middle.
  package var hazardPerMinute = 0.35
  /// eta.
  package var slope = 4.0
  package var adverseMillionths = 400_000
  /// Names the stream of chance, with the account's lane.
  package var seed: UInt64 = 0

  package init() {}

  /// Of a fill within a minute.
  package func probability(aggressive: Double) -> Double {
    if aggressive >= 1 { return 1 }
    guard aggressive >= 0 else { return 0 }
    return 1 - exp(-hazardPerMinute * exp(slope * (aggressive - 0.5)))
  }

  /// Uniform in 0..<1: the same for an order and a minute whatever other orders there are.
  package func draw(order: Int64, minute: Int, lane: UInt32) -> Double {
    let stream = RandomStream(seed: seed, purpose: .fills, lane: lane)
    // No session has 2^12 minutes.
    let word = stream.word(at: UInt64(bitPattern: order) << 12 | UInt64(minute & 0xfff))
    return Double(word >> 11) * 0x1p-53
  }
}
