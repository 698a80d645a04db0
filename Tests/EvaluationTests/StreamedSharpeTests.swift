// A Sharpe ratio of returns that are not kept, against two passes over kept ones in 80 bits.

import Kernels
import Testing

@testable import Evaluation

@Suite struct StreamedSharpeTests {
  #if arch(x86_64)
    private typealias Wide = Float80
  #else
    private typealias Wide = Double
  #endif

  /// The ratio of these very doubles, and how much the mean outweighs the deviation.
  private func twin(_ returns: [Double]) -> (sharpe: Wide, meanOverDeviation: Wide) {
    let count = Wide(returns.count)
    let mean = returns.reduce(0) { $0 + Wide($1) } / count
    let squares = returns.reduce(0) { (sum: Wide, one) in sum + (Wide(one) - mean) * (Wide(one) - mean) }
    let deviation = (squares / (count - 1)).squareRoot()
    return (mean / deviation * Wide(252).squareRoot(), abs(mean) / deviation)
  }

  /// With means of a ten-thousandth of the deviation up to a million times it, where plain sums of squares would have nothing left.
  @Test(arguments: [0, 1e-6, 5e-4, 1, 1e2, 1e4]) func equalsTheTwin(mean: Double) throws {
    for (seed, count) in [(UInt64(1), 2), (2, 3), (3, 250), (4, 3_272), (5, 20_000)] {
      var stream = RandomStream(seed: seed, purpose: .episodeStart)
      var streamed = StreamedSharpe()
      let returns = (0..<count).map { _ in mean + 0.01 * (stream.nextDouble() - 0.5) }
      for one in returns { streamed.add(one) }
      let found = try #require(streamed.annual)
      let (expected, weight) = twin(returns)
      // The twin's own error is that of 80 bits, and its mean's, which the deviation is taken from.
      let allowed = Wide(found.ulp) * 4 + abs(expected) * weight * Wide(count) * 0x1p-64
      #expect(abs(Wide(found) - expected) <= allowed, "\(found) for \(expected), \(count) returns around \(mean)")
      let twoPasses = try #require(ReturnStatistics.sharpe(returns))
      #expect(abs(twoPasses / found - 1) < 1e-11 * max(1, Double(weight)))
    }
  }

  @Test func whatDoesNotVaryHasNone() {
    for constant in [0.0, 1e-4, -0.3, 0.1 / 252] {
      var streamed = StreamedSharpe()
      for _ in 0..<5_000 { streamed.add(constant) }
      #expect(streamed.annual == nil)
    }
    var once = StreamedSharpe()
    #expect(once.annual == nil)
    once.add(0.01)
    #expect(once.annual == nil)
  }
}
