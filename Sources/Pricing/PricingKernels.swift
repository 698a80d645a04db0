// The C loops of an instruction set, called with Swift's arrays.

private import CPricing
package import Kernels

extension InstructionSet {
  /// Of this set, or of the processor's own where that is lower.
  fileprivate var pricing: cpricing_kernels {
    guard let kernels = cpricing_kernels_of_level(Int32(min(self, .processor).rawValue)) else {
      preconditionFailure("no pricing kernels for \(self)")
    }
    return kernels.pointee
  }
}

extension Double {
  package static func value(
    _ options: OptionColumns<Double>, _ values: inout ValueColumns<Double>, on set: InstructionSet
  ) -> Int {
    set.pricing.value(
      options.count, options.signs, options.spots, options.strikes, options.rates, options.dividendYields,
      options.years,
      options.volatilities, &values.prices, &values.deltas, &values.gammas, &values.vegas, &values.thetasPerYear,
      &values.rhos)
  }
}

extension Float {
  package static func value(
    _ options: OptionColumns<Float>, _ values: inout ValueColumns<Float>, on set: InstructionSet
  ) -> Int {
    set.pricing.value_single(
      options.count, options.signs, options.spots, options.strikes, options.rates, options.dividendYields,
      options.years,
      options.volatilities, &values.prices, &values.deltas, &values.gammas, &values.vegas, &values.thetasPerYear,
      &values.rhos)
  }
}

/// The loops for implied volatility and trees, which are of double precision only.
enum PricingKernels {
  /// The volatilities that give the prices, as far as the loop goes; returns how many it left as NaN.
  static func imply(
    _ options: OptionColumns<Double>, prices: [Double], _ volatilities: inout [Double], on set: InstructionSet
  ) -> Int {
    set.pricing.imply(
      options.count, options.signs, options.spots, options.strikes, options.rates, options.dividendYields,
      options.years,
      prices, &volatilities)
  }

  /// Rolls a forest's trees back and writes the values near their roots.
  static func rollBack(_ forest: inout TreeForest, on set: InstructionSet) {
    let bytes = 2 * (forest.steps + 1) * TreeForest.lanes * MemoryLayout<Double>.stride
    withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 128) { scratch in
      set.pricing.roll_back(
        forest.count, forest.steps, forest.bases, forest.ratios, forest.scales, forest.ups, forest.downs,
        forest.strikes, &forest.nodes, scratch.baseAddress?.bindMemory(to: Double.self, capacity: bytes / 8))
    }
  }
}
