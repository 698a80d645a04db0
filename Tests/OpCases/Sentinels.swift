// Buffers with a fence on both sides: a kernel that writes past its end is caught.

internal import Kernels

/// A float buffer between two fences of a glaring value.
package final class FencedBuffer: @unchecked Sendable {
  private static let fenceLength = 16
  private static let fenceValue: Float = -7.777e33
  private let storage: FloatStorage
  package let count: Int

  package init(_ values: [Float]) {
    count = values.count
    storage = FloatStorage(count: values.count + 2 * FencedBuffer.fenceLength)
    storage.fill(FencedBuffer.fenceValue)
    for (index, value) in values.enumerated() { base[index] = value }
  }

  package convenience init(count: Int) { self.init([Float](repeating: .nan, count: count)) }

  package var base: UnsafeMutablePointer<Float> { storage.base + FencedBuffer.fenceLength }

  package var array: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Whether both fences stand.
  package var isIntact: Bool {
    let before = UnsafeBufferPointer(start: storage.base, count: FencedBuffer.fenceLength)
    let after = UnsafeBufferPointer(start: base + count, count: FencedBuffer.fenceLength)
    return (Array(before) + Array(after)).allSatisfy { $0 == FencedBuffer.fenceValue }
  }
}
