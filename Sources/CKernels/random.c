// Sixteen consecutive words of a random stream at once. A word's low half lies first in memory.
#include "ckernels.h"
#include "threefry.h"

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_threefry_words, (uint32_t key0, uint32_t key1, uint64_t position, uint64_t *words), (key0, key1, position, words)) {
  sixteen_words x0, x1;
  for (int lane = 0; lane < 16; lane++) {
    const uint64_t counter = position + (uint64_t)lane;
    x0[lane] = (uint32_t)counter;
    x1[lane] = (uint32_t)(counter >> 32);
  }
  threefry(key0, key1, &x0, &x1);
  const sixteen_words first = __builtin_shufflevector(x0, x1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const sixteen_words second = __builtin_shufflevector(x0, x1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  __builtin_memcpy(words, &first, sizeof first);
  __builtin_memcpy(words + 8, &second, sizeof second);
}
