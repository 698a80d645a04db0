// What a step reads of a bar, in one place: the observation's columns as they are copied, and two symbols' prices.

/// (bars, `stride` bytes): D columns of Float, and behind them, where there are two symbols, a `PairPrices`. Memory is filled with not-a-number.
///
/// A step into a bar reads the prices of the bar before and all of its own, which lie side by side; the lanes are anywhere in the tape, so what
/// a row takes is what a step waits for, and nothing is padded beyond the alignment of a double.
///
/// A window on memory that its maker frees.
struct BarRows: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let stride: Int
  /// Bytes from a row's begin to its prices.
  let pricesOffset: Int
  let columnCount: Int

  init(barCount: Int, columnCount: Int, hasPairPrices: Bool) {
    self.columnCount = columnCount
    pricesOffset = (columnCount * MemoryLayout<Float>.stride + 7) / 8 * 8
    stride = pricesOffset + (hasPairPrices ? MemoryLayout<PairPrices>.size : 0)
    let byteCount = max(barCount, 1) * stride
    base = .allocate(byteCount: byteCount, alignment: 64)
    base.initializeMemory(as: Float.self, repeating: .nan, count: byteCount / MemoryLayout<Float>.stride)
  }

  func columns(_ bar: Int) -> UnsafeMutablePointer<Float> {
    (base + bar * stride).assumingMemoryBound(to: Float.self)
  }

  /// Only where there are two symbols.
  func setPrices(_ bar: Int, _ prices: PairPrices) {
    (base + bar * stride + pricesOffset).storeBytes(of: prices, as: PairPrices.self)
  }

  /// Copies the D columns of a bar.
  func copyColumns(_ bar: Int, to row: UnsafeMutablePointer<Float>) {
    row.update(from: columns(bar), count: columnCount)
  }
}

/// Two symbols' prices at one bar side by side, and what an order at its close would move them; a rate that is not a number where the volume
/// is unknown.
struct PairPrices: Sendable {
  var open: SIMD2<Double>
  var close: SIMD2<Double>
  var impactRate: SIMD2<Double>
}
