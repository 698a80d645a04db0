// What the formulas ask of a type of numbers: coefficients and ranges, the same as in CPricing.

private import CPricing
package import Kernels

/// Double precision, and single for whoever needs thousands of prices and no twelfth digit.
package protocol PricingNumber: BinaryFloatingPoint, Sendable {
  /// P of e^r = 1 + r + r^2 P(r) for |r| <= ln(2) / 2, lowest power first.
  static var exponentialTail: [Self] { get }
  /// P of log((1 + s) / (1 - s)) = 2 s + s z P(z), z = s^2.
  static var logarithmTail: [Self] { get }
  /// P of the scaled tail N(-z) e^(z^2 / 2) = P(t) / (z + c), t = z / (z + c).
  static var scaledTail: [Self] { get }
  /// The c of the scaled tail.
  static var tailCentre: Self { get }
  /// ln 2 in two parts, the first with so few digits that its products with exponents are exact.
  static var logarithmOfTwo: (high: Self, low: Self) { get }
  /// e^x is 0 below the range, and e^upperBound above it.
  static var exponents: ClosedRange<Self> { get }
  /// Spots and strikes other than zero, dollars.
  static var prices: ClosedRange<Self> { get }
  /// Years to expiry other than zero.
  static var expiries: ClosedRange<Self> { get }
  /// Volatilities other than zero.
  static var volatilities: ClosedRange<Self> { get }
  static var mostRate: Self { get }
  /// The largest rate times years.
  static var mostGrowth: Self { get }
  /// A smaller total volatility v sqrt(T) is priced as none.
  static var leastDeviation: Self { get }
  /// Prices and Greeks of all options by the C loops, as far as those go; returns how many they left as NaN.
  static func value(_ options: OptionColumns<Self>, _ values: inout ValueColumns<Self>, on set: InstructionSet) -> Int
}

extension Double: PricingNumber {
  package static let exponentialTail = coefficients(cpricing_exponential(), cpricing_exponential_count)
  package static let logarithmTail = coefficients(cpricing_logarithm(), cpricing_logarithm_count)
  package static let scaledTail = coefficients(cpricing_tail(), cpricing_tail_count)
  package static var tailCentre: Double { 4 }
  package static var logarithmOfTwo: (high: Double, low: Double) {
    (6.931_471_803_691_238_164_90e-01, 1.908_214_929_270_587_700_02e-10)
  }
  package static var exponents: ClosedRange<Double> { -708...709 }
  package static var prices: ClosedRange<Double> { 1e-100...1e100 }
  package static var expiries: ClosedRange<Double> { Double.leastNonzeroMagnitude...1e4 }
  package static var volatilities: ClosedRange<Double> { Double.leastNonzeroMagnitude...1e4 }
  package static var mostRate: Double { 100 }
  package static var mostGrowth: Double { 200 }
  package static var leastDeviation: Double { 1e-100 }
}

extension Float: PricingNumber {
  package static let exponentialTail = coefficients(cpricing_single_exponential(), cpricing_single_exponential_count)
  package static let logarithmTail = coefficients(cpricing_single_logarithm(), cpricing_single_logarithm_count)
  package static let scaledTail = coefficients(cpricing_single_tail(), cpricing_single_tail_count)
  package static var tailCentre: Float { 3 }
  package static var logarithmOfTwo: (high: Float, low: Float) { (0.693_359_375, -2.121_944_40e-4) }
  package static var exponents: ClosedRange<Float> { -87...88 }
  package static var prices: ClosedRange<Float> { 1e-9...1e9 }
  package static var expiries: ClosedRange<Float> { Float.leastNonzeroMagnitude...1e4 }
  package static var volatilities: ClosedRange<Float> { Float.leastNonzeroMagnitude...1e4 }
  package static var mostRate: Float { 100 }
  package static var mostGrowth: Float { 20 }
  package static var leastDeviation: Float { 1e-9 }
}

private func coefficients<Number>(_ start: UnsafePointer<Number>?, _ count: some BinaryInteger) -> [Number] {
  Array(UnsafeBufferPointer(start: start, count: Int(count)))
}
