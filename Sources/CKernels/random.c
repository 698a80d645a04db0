// Sixteen consecutive words of a random stream at once. A word's low half lies first in memory.
#include "ckernels.h"
#include "sixteen.h"

typedef uint32_t words_of_32 __attribute__((ext_vector_type(16)));

// Four rounds of Threefry-2x32.
HELPER void four_rounds(words_of_32 *x0, words_of_32 *x1, int a, int b, int c, int d) {
  const int by[4] = {a, b, c, d};
  for (int round = 0; round < 4; round++) {
    *x0 += *x1;
    *x1 = (*x1 << by[round] | *x1 >> (32 - by[round])) ^ *x0;
  }
}

FOR_EACH_INSTRUCTION_SET
void ckernels_threefry_words(uint32_t key0, uint32_t key1, uint64_t position, uint64_t *words) {
  const uint32_t keys[3] = {key0, key1, 0x1BD11BDA ^ key0 ^ key1};
  words_of_32 x0, x1;
  for (int lane = 0; lane < 16; lane++) {
    const uint64_t counter = position + (uint64_t)lane;
    x0[lane] = (uint32_t)counter;
    x1[lane] = (uint32_t)(counter >> 32);
  }
  x0 += key0;
  x1 += key1;
  for (uint32_t group = 1; group <= 5; group++) {
    if (group % 2 == 1) {
      four_rounds(&x0, &x1, 13, 15, 26, 6);
    } else {
      four_rounds(&x0, &x1, 17, 29, 16, 24);
    }
    x0 += keys[group % 3];
    x1 += keys[(group + 1) % 3] + group;
  }
  const words_of_32 first = __builtin_shufflevector(x0, x1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const words_of_32 second = __builtin_shufflevector(x0, x1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  __builtin_memcpy(words, &first, sizeof first);
  __builtin_memcpy(words + 8, &second, sizeof second);
}
