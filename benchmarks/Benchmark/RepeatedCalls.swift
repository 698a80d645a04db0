// How long one call of something short lasts.

import Training

enum RepeatedCalls {
  /// Seconds a call, over as many as last `seconds` together; the clock is looked at after `turns` of them.
  static func secondsPerCall(lasting seconds: Double, turns: Int = 16, _ body: () -> Void) -> Double {
    var calls = 0
    let start = MonotonicClock.seconds
    var now = start
    repeat {
      for _ in 0..<turns { body() }
      calls += turns
      now = MonotonicClock.seconds
    } while now - start < seconds
    return (now - start) / Double(calls)
  }
}
