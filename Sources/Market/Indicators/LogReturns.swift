// How far the price has come in so many bars.

import Glibc

package enum LogReturns {
  /// log(close[t] / close[t - lag]); while fewer than `lag` bars have passed, the return since the first bar (0 at bar 0).
  ///
  /// closes: positive. Exact from bar `lag` on. Traps if `lag` is below 1.
  package static func values(of closes: [Double], lag: Int) -> [Double] {
    precondition(lag >= 1, "a return over \(lag) bars")
    return closes.indices.map { log(closes[$0] / closes[max(0, $0 - lag)]) }
  }
}
