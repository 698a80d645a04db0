// Option prices, volatilities and trees on one thread, in options a second.

import Kernels
import Pricing

final class PricingSubject {
  /// 65,536 options in blocks that stay in the second cache.
  private static let blocks = 16
  private static let blockSize = 4096
  private static let trees = 64

  private var options: [OptionColumns<Double>] = []
  private var singles: [OptionColumns<Float>] = []
  private var values = ValueColumns<Double>(count: blockSize)
  private var singleValues = ValueColumns<Float>(count: blockSize)
  private var prices: [[Double]] = []
  private var volatilities = [Double](repeating: 0, count: blockSize)
  private var american: [AmericanTerms] = []
  private let callSeconds: Double

  init(isQuick: Bool) {
    callSeconds = isQuick ? 0.001 : 0.1
    var random = RandomStream(seed: 5, purpose: .market)
    for _ in 0..<Self.blocks {
      var (block, single) = (OptionColumns<Double>(), OptionColumns<Float>())
      var blockPrices: [Double] = []
      for _ in 0..<Self.blockSize {
        let strike = 600 * (0.9 + 0.2 * random.nextDouble())
        let years = (0.01 + 30 * random.nextDouble()) / 365
        let volatility = 0.1 + 0.4 * random.nextDouble()
        let side: OptionSide = random.nextDouble() < 0.5 ? .call : .put
        block.append(
          OptionTerms(
            side, spot: 600, strike: strike, rate: 0.045, dividendYield: 0.012, years: years, volatility: volatility))
        single.append(
          OptionTerms(
            side, spot: 600, strike: Float(strike), rate: 0.045, dividendYield: 0.012, years: Float(years),
            volatility: Float(volatility)))
      }
      block.value(into: &values)
      blockPrices = values.prices
      options.append(block)
      singles.append(single)
      prices.append(blockPrices)
    }
    for index in 0..<Self.trees {
      american.append(
        AmericanTerms(
          OptionTerms(
            .put, spot: 600, strike: 560 + Double(index), rate: 0.045, dividendYield: 0.012, years: 30.0 / 365,
            volatility: 0.15)))
    }
  }

  /// Options a second, by the metric's name, with its label.
  func measure() -> [(name: String, label: String, perSecond: Double)] {
    let count = Double(Self.blocks * Self.blockSize)
    let value = RepeatedCalls.secondsPerCall(lasting: callSeconds, turns: 1) {
      for block in options { block.value(into: &values) }
    }
    let single = RepeatedCalls.secondsPerCall(lasting: callSeconds, turns: 1) {
      for block in singles { block.value(into: &singleValues) }
    }
    let implied = RepeatedCalls.secondsPerCall(lasting: callSeconds, turns: 1) {
      for (block, prices) in zip(options, prices) { block.implyVolatilities(of: prices, into: &volatilities) }
    }
    var (treePrices, treeDeltas) = (
      [Double](repeating: 0, count: Self.trees), [Double](repeating: 0, count: Self.trees)
    )
    let trees = RepeatedCalls.secondsPerCall(lasting: callSeconds, turns: 1) {
      // Odd and within range: nothing is thrown.
      _ = try? LeisenReimer.values(american, prices: &treePrices, deltas: &treeDeltas)
    }
    return [
      ("pricing_values", "option prices with five Greeks", count / value),
      ("pricing_values_float32", "  in single precision", count / single),
      ("pricing_implied", "implied volatilities", count / implied),
      ("pricing_american", "American options, 201 steps", Double(Self.trees) / trees),
    ]
  }
}
