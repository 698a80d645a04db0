// How long one call of something short lasts.

import Training

enum RepeatedCalls {
  /// Seconds a call, over as many as last `seconds` together.
  static func secondsPerCall(lasting seconds: Double, _ body: () -> Void) -> Double {
    var calls = 0
    let start = MonotonicClock.seconds
    var now = start
    repeat {
      for _ in 0..<16 { body() }
      calls += 16
      now = MonotonicClock.seconds
    } while now - start < seconds
    return (now - start) / Double(calls)
  }
}
