// What the processor can do beyond the baseline that everything is built for.

import CKernels

package enum Processor {
  /// Whether it and the operating system have AVX-512 with the parts (F, CD, BW, DQ, VL) that matrix libraries use.
  package static var hasAVX512: Bool { ckernels_has_avx512() != 0 }
}
