// The batch-one product, compiled for several instruction sets: eight partial sums a row, none fused, so that every instruction set and the Swift
// spelling in MatrixVector.swift give the same bits.
#include "ckernels.h"
#include "helpers.h"

#pragma STDC FP_CONTRACT OFF

typedef float eights __attribute__((ext_vector_type(8)));
typedef float fours __attribute__((ext_vector_type(4)));
typedef int places __attribute__((ext_vector_type(8)));

HELPER float total(const eights *x) {
  const fours four = x->lo + x->hi;
  return (four.x + four.z) + (four.y + four.w);
}

// The totals of four rows: the same additions, four rows at once.
HELPER fours totals(const eights *x) {
  const fours a = x[0].lo + x[0].hi, b = x[1].lo + x[1].hi, c = x[2].lo + x[2].hi, d = x[3].lo + x[3].hi;
  const fours ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const fours cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

// y += W x for R rows. `tail`: what of x is left over of eights, and zeros; `lanes`: which of its places those are. Rows are read to the end of
// eight numbers, behind the row's own.
#define PRODUCT(R)                                                                                                    \
  HELPER void product_##R(                                                                                            \
      const float *weights, long columns, const float *x, const eights *tail, const places *lanes, float *y) {        \
    eights sums[R], none = 0;                                                                                         \
    const long whole = columns / 8 * 8;                                                                               \
    UNROLLED for (int r = 0; r < R; r++) sums[r] = none;                                                              \
    for (long column = 0; column < whole; column += 8) {                                                              \
      eights input;                                                                                                   \
      LOAD(input, x + column);                                                                                        \
      UNROLLED for (int r = 0; r < R; r++) {                                                                          \
        eights weight;                                                                                                \
        LOAD(weight, weights + r * columns + column);                                                                 \
        sums[r] = sums[r] + weight * input;                                                                           \
      }                                                                                                               \
    }                                                                                                                 \
    if (columns > whole) {                                                                                            \
      UNROLLED for (int r = 0; r < R; r++) {                                                                          \
        eights weight;                                                                                                \
        LOAD(weight, weights + r * columns + whole);                                                                  \
        weight = *lanes ? weight : none;                                                                              \
        sums[r] = sums[r] + weight * *tail;                                                                           \
      }                                                                                                               \
    }                                                                                                                 \
    UNROLLED for (int r = 0; r + 4 <= R; r += 4) {                                                                    \
      fours result;                                                                                                   \
      LOAD(result, y + r);                                                                                            \
      result = result + totals(sums + r);                                                                             \
      STORE(result, y + r);                                                                                           \
    }                                                                                                                 \
    UNROLLED for (int r = R / 4 * 4; r < R; r++) y[r] += total(&sums[r]);                                             \
  }

PRODUCT(8)
PRODUCT(4)
PRODUCT(1)

// together: the rows that go side by side, 4 or 8. Eight hide how long an addition takes, where the sums of eight fit the registers.
HELPER void multiply(const float *weights, long rows, long columns, const float *x, float *y, const int together) {
  const long whole = columns / 8 * 8, rest = columns - whole;
  const places counted = {0, 1, 2, 3, 4, 5, 6, 7};
  const places lanes = counted < (int)rest;
  eights tail = 0;
  for (long place = 0; place < rest; place++) tail[place] = x[whole + place];
  // The last rows may not be read beyond their end: nothing may lie behind the last of all.
  const long readable = rest == 0 ? rows : rows - (8 - rest + columns - 1) / columns;
  long row = 0;
  if (together == 8) {
    for (; row + 8 <= readable; row += 8) product_8(weights + row * columns, columns, x, &tail, &lanes, y + row);
  }
  for (; row + 4 <= readable; row += 4) product_4(weights + row * columns, columns, x, &tail, &lanes, y + row);
  for (; row < readable; row++) product_1(weights + row * columns, columns, x, &tail, &lanes, y + row);
  for (; row < rows; row++) {
    const float *weight = weights + row * columns;
    eights sum = 0, last = 0;
    for (long column = 0; column < whole; column += 8) {
      eights a, b;
      LOAD(a, weight + column);
      LOAD(b, x + column);
      sum = sum + a * b;
    }
    for (long place = 0; place < rest; place++) last[place] = weight[whole + place];
    sum = sum + last * tail;
    y[row] += total(&sum);
  }
}

// Vectors of eight floats fill the registers of the third level.
#define PARAMETERS (const float *weights, long rows, long columns, const float *x, float *y)
#if defined(__x86_64__)
static void ckernels_matrix_vector_baseline PARAMETERS { multiply(weights, rows, columns, x, y, 4); }
OF_V3 static void ckernels_matrix_vector_v3 PARAMETERS { multiply(weights, rows, columns, x, y, 8); }
CHOOSE(
    void, ckernels_matrix_vector, PARAMETERS, (weights, rows, columns, x, y),
    level >= 1 ? ckernels_matrix_vector_v3 : ckernels_matrix_vector_baseline)
#else
void ckernels_matrix_vector PARAMETERS { multiply(weights, rows, columns, x, y, 8); }
#endif
