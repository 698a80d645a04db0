// Eight numbers at a time: loads, stores and the transcendental functions that all kernels share.

typealias Float8 = SIMD8<Float>

@_transparent
func load8(_ pointer: UnsafePointer<Float>) -> Float8 {
  UnsafeRawPointer(pointer).loadUnaligned(as: Float8.self)
}

@_transparent
func store8(_ value: Float8, _ pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Float8.self)
}

/// The first `count` (1...7) numbers, zeros behind them.
@inline(__always)
func loadPart(_ pointer: UnsafePointer<Float>, _ count: Int) -> Float8 {
  var value = Float8.zero
  for index in 0..<count { value[index] = pointer[index] }
  return value
}

/// Stores the first `count` (1...7) numbers.
@inline(__always)
func storePart(_ value: Float8, _ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
  for index in 0..<count { pointer[index] = value[index] }
}

/// Splits x into n ln 2 + r with |r| <= ln(2) / 2. Adding 1.5 x 2^23 rounds to the nearest whole number, which then stands in the
/// low bits; ln 2 is subtracted in two parts so that r keeps its digits.
@_transparent
private func reduce(_ x: Float8) -> (shifted: Float8, remainder: Float8) {
  let shifted = x * 1.442_695_04 + 12_582_912
  let n = shifted - 12_582_912
  return (shifted, x - n * 0.693_359_375 + n * 2.121_944_4e-4)
}

/// 2^n from the shifted form of n.
@_transparent
private func powerOfTwo(_ shifted: Float8) -> Float8 {
  let bits = unsafeBitCast(shifted, to: SIMD8<UInt32>.self) &<< SIMD8<UInt32>(repeating: 23)
  return unsafeBitCast(bits &+ SIMD8<UInt32>(repeating: 0x3f80_0000), to: Float8.self)
}

/// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2. Source: Cephes single-precision expf coefficients (Moshier 1989).
@_transparent
private func exponentialTail(_ r: Float8) -> Float8 {
  var p = r * 1.987_569_15e-4 + 1.398_199_950_7e-3
  p = p * r + 8.333_451_907_3e-3
  p = p * r + 4.166_579_589_4e-2
  p = p * r + 1.666_666_545_9e-1
  return p * r + 5.000_000_120_1e-1
}

/// e^x for x clamped to [-87, 88].
@_transparent
func exp8(_ x: Float8) -> Float8 {
  var clamped = x.replacing(with: -87, where: x .< -87)
  clamped = clamped.replacing(with: 88, where: clamped .> 88)
  let (shifted, r) = reduce(clamped)
  return (exponentialTail(r) * (r * r) + r + 1) * powerOfTwo(shifted)
}

/// 1 / (1 + e^-x).
@_transparent
func sigmoid8(_ x: Float8) -> Float8 { 1 / (1 + exp8(-x)) }

/// tanh through e^(2|x|) - 1, which keeps its digits near zero.
@_transparent
func tanh8(_ x: Float8) -> Float8 {
  let signBit = SIMD8<UInt32>(repeating: 0x8000_0000)
  let bits = unsafeBitCast(x, to: SIMD8<UInt32>.self)
  var doubled = unsafeBitCast(bits & ~signBit, to: Float8.self) * 2
  doubled = doubled.replacing(with: 20, where: doubled .> 20)
  let (shifted, r) = reduce(doubled)
  let power = powerOfTwo(shifted)
  let expm1 = (exponentialTail(r) * (r * r) + r) * power + (power - 1)
  let magnitude = expm1 / (expm1 + 2)
  return unsafeBitCast(unsafeBitCast(magnitude, to: SIMD8<UInt32>.self) | (bits & signBit), to: Float8.self)
}

/// The eight numbers added in pairs: ((0+4)+(2+6)) + ((1+5)+(3+7)).
@_transparent
func sum8(_ x: Float8) -> Float {
  let four = x.lowHalf + x.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}
