// What a step reads of a bar, in one place: two symbols' prices, and the observation's columns as they are copied.

import Kernels

/// (bars, `stride` bytes): where there are two symbols a `PairQuotes`, and then D columns of Float. Memory is filled with not-a-number.
///
/// A window on memory that its maker frees.
struct BarRows: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  private let stride: Int
  private let columnsOffset: Int
  private let columnCount: Int

  init(barCount: Int, columnCount: Int, hasPairQuotes: Bool) {
    self.columnCount = columnCount
    columnsOffset = hasPairQuotes ? MemoryLayout<PairQuotes>.size : 0
    // A multiple of half a cache line.
    stride = (columnsOffset + columnCount * MemoryLayout<Float>.stride + 31) / 32 * 32
    let byteCount = max(barCount, 1) * stride
    base = .allocate(byteCount: byteCount, alignment: 64)
    base.initializeMemory(as: Float.self, repeating: .nan, count: byteCount / MemoryLayout<Float>.stride)
  }

  @_transparent
  func columns(_ bar: Int) -> UnsafeMutablePointer<Float> {
    (base + (bar &* stride &+ columnsOffset)).assumingMemoryBound(to: Float.self)
  }

  /// Only where there are two symbols.
  @_transparent
  func pair(_ bar: Int) -> UnsafeMutablePointer<PairQuotes> {
    (base + bar &* stride).assumingMemoryBound(to: PairQuotes.self)
  }

  /// Asks for what steps from these bars into the next will read.
  @_transparent
  func prefetch(_ bars: UnsafePointer<Int64>, count: Int) {
    Prefetch.rows(base, stride: stride, rows: bars, count: count)
  }

  /// Copies the D columns of a bar. D is at least 13.
  @_transparent
  func copyColumns(_ bar: Int, to row: UnsafeMutablePointer<Float>) {
    let source = UnsafeRawPointer(columns(bar))
    let target = UnsafeMutableRawPointer(row)
    let last = (columnCount &- 8) &* 4
    var place = 0
    while place < last {
      target.storeBytes(
        of: source.loadUnaligned(fromByteOffset: place, as: SIMD8<Float>.self), toByteOffset: place,
        as: SIMD8<Float>.self)
      place &+= 32
    }
    // The last eight overlap those before.
    target.storeBytes(
      of: source.loadUnaligned(fromByteOffset: last, as: SIMD8<Float>.self), toByteOffset: last, as: SIMD8<Float>.self)
  }
}

/// Two symbols' prices at one bar side by side, and what an order at its close would move them; a rate that is not a number where the volume
/// is unknown.
struct PairQuotes: Sendable {
  var open: SIMD2<Double>
  var close: SIMD2<Double>
  var impactRate: SIMD2<Double>
}
