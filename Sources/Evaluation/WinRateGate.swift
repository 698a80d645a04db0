// A gate that others use, and how often luck passes it.

private import Kernels

/// "More than 60 % of trades won, and a profit": what it says of an account, and in how many of a hundred cases it says the same where there is no
/// edge. Shown in reports; nothing is decided by it.
package struct WinRateGate: Sendable, Equatable {
  package static let floor = 0.6
  static let draws = 4000

  package let trades: Int
  /// Closed trades with a profit over all closed ones.
  package let winRate: Double
  /// Dollars of all closed trades.
  package let profit: Double
  /// The share of accounts that pass it among those whose trades are drawn from this account's, less their mean: of the same shape, and worth nothing.
  package let edgelessShare: Double

  package var passes: Bool { winRate > WinRateGate.floor && profit > 0 }

  /// profits: dollars of each closed trade. Nil where there is none. Draws from the stream (seed, lane) alone.
  package init?(profits: [Double], seed: UInt64, lane: UInt32 = 0) {
    guard let mean = ReturnStatistics.mean(profits) else { return nil }
    trades = profits.count
    winRate = Double(profits.count { $0 > 0 }) / Double(profits.count)
    profit = profits.reduce(0, +)
    let edgeless = profits.map { $0 - mean }
    var stream = RandomStream(seed: seed, purpose: .bootstrap, lane: lane)
    let count = UInt64(edgeless.count)
    var passed = 0
    for _ in 0..<WinRateGate.draws {
      var (wins, sum) = (0, 0.0)
      for _ in edgeless.indices {
        let one = edgeless[Int(stream.nextInteger(below: count))]
        if one > 0 { wins += 1 }
        sum += one
      }
      if Double(wins) > WinRateGate.floor * Double(edgeless.count), sum > 0 { passed += 1 }
    }
    edgelessShare = Double(passed) / Double(WinRateGate.draws)
  }
}
