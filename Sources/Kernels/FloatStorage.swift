// Owned float memory: the only allocation that number code makes.

private import Glibc

/// Owned float memory. 64-byte aligned; filled with NaN so that reading an unwritten value is loud.
///
/// Sharing across threads is the caller's duty: tasks write disjoint ranges.
package final class FloatStorage: @unchecked Sendable {
  package let base: UnsafeMutablePointer<Float>
  package let count: Int

  /// Bytes of a large page. Storage of at least one is made of such pages where the system offers them: a pass over it needs fewer translations.
  private static let largePage = 1 << 21

  /// Allocates `count` floats, each NaN. Traps if `count` is negative.
  package init(count: Int) {
    precondition(count >= 0, "FloatStorage of \(count) floats")
    self.count = count
    let byteCount = max(count, 1) * MemoryLayout<Float>.stride
    let isLarge = byteCount >= FloatStorage.largePage
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: isLarge ? FloatStorage.largePage : 64)
    // Whole pages only; a system without them says no, and nothing is lost.
    if isLarge { madvise(raw, byteCount / FloatStorage.largePage * FloatStorage.largePage, MADV_HUGEPAGE) }
    base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    base.initialize(repeating: .nan, count: count)
  }

  /// Allocates a copy of `values`.
  package convenience init(_ values: [Float]) {
    self.init(count: values.count)
    values.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { base.update(from: first, count: values.count) }
    }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  package func fill(_ value: Float) { base.update(repeating: value, count: count) }

  /// A copy as an array, for files and tests.
  package var array: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Replaces the content. Traps if the lengths differ.
  package func assign(_ values: [Float]) {
    precondition(values.count == count, "assigning \(values.count) floats to storage of \(count)")
    values.withUnsafeBufferPointer { source in
      if let first = source.baseAddress { base.update(from: first, count: count) }
    }
  }
}
