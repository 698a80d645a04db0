// Numbers in half precision on their way back to floats.

import CKernels

package enum HalfPrecision {
  /// target (count) = source (count), binary16 of IEEE 754, little-endian, at any address. Exact: a float holds every half.
  package static func widen(_ source: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>, count: Int) {
    ckernels_widen_halves(source, target, count)
  }
}
