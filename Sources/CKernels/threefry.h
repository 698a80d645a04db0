// Threefry-2x32 with 20 rounds, sixteen counters side by side. Source: see RandomStream.swift.
#pragma once

#include <stdint.h>

#include "helpers.h"

typedef uint32_t sixteen_words __attribute__((ext_vector_type(16)));

HELPER void four_rounds(sixteen_words *x0, sixteen_words *x1, int a, int b, int c, int d) {
  const int by[4] = {a, b, c, d};
  UNROLLED
  for (int round = 0; round < 4; round++) {
    *x0 += *x1;
    *x1 = (*x1 << by[round] | *x1 >> (32 - by[round])) ^ *x0;
  }
}

// x0, x1: the lower and the upper halves of the counters, replaced by those of the random words.
HELPER void threefry(uint32_t key0, uint32_t key1, sixteen_words *x0, sixteen_words *x1) {
  const uint32_t keys[3] = {key0, key1, 0x1BD11BDA ^ key0 ^ key1};
  *x0 += key0;
  *x1 += key1;
  UNROLLED
  for (uint32_t group = 1; group <= 5; group++) {
    if (group % 2 == 1) {
      four_rounds(x0, x1, 13, 15, 26, 6);
    } else {
      four_rounds(x0, x1, 17, 29, 16, 24);
    }
    *x0 += keys[group % 3];
    *x1 += keys[(group + 1) % 3] + group;
  }
}
