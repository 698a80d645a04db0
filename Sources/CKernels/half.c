// Numbers in half precision (binary16 of IEEE 754), compiled for several instruction sets: nothing is rounded, so that each gives the same bits.
#include "ckernels.h"
#include "sixteen.h"

FOR_EACH_INSTRUCTION_SET(void, ckernels_widen_halves, (const void *source, float *target, long count), (source, target, count)) {
  for (long i = 0; i < count; i++) {
    _Float16 half;
    __builtin_memcpy(&half, (const char *)source + 2 * i, 2);
    target[i] = half;
  }
}
