// Reading from scattered places without waiting for each.

import CKernels

/// Elements that are read soon, from places that the processor cannot guess.
package enum Prefetch {
  /// How many elements ahead is far enough for the third-level cache.
  package static let distance = 16

  /// Asks for the elements of `array` at `places` (count); negative places are passed over. `columns`: numbers of type Element an element has.
  package static func elements<Element>(
    _ array: UnsafePointer<Element>, columns: Int = 1, at places: UnsafePointer<Int32>, count: Int
  ) {
    ckernels_prefetch(array, columns * MemoryLayout<Element>.stride, places, count)
  }

  /// Asks for `count` bytes.
  package static func bytes(_ start: UnsafeRawPointer, count: Int) {
    var place: Int32 = 0
    ckernels_prefetch(start, count, &place, 1)
  }

  /// Bytes that come at once.
  package static let line = 64

  /// Asks for the lines of `addresses`, which lie apart.
  package static func lines(_ addresses: UnsafeBufferPointer<UnsafeRawPointer?>) {
    ckernels_prefetch_lines(addresses.baseAddress, addresses.count)
  }
}
