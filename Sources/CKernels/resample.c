// Resamples of two series, eight side by side: one alone waits for its own sums, and for every guess about where a block begins.
#include "ckernels.h"
#include "helpers.h"

// The same bits at every level: a product and a sum stay two operations.
#pragma STDC FP_CONTRACT OFF

typedef double numbers __attribute__((ext_vector_type(8)));
typedef uint64_t words __attribute__((ext_vector_type(8)));

FOR_EACH_INSTRUCTION_SET
void ckernels_draw_blocks(
    const uint64_t *random, long count, uint64_t last_beginning, const double *pairs, double *drawn, uint64_t *stays, double *sums) {
  const words lower = 0xFFFFFFFF, length = (uint64_t)count;
  // What stands together is one place of eight resamples.
  for (long place = 0; place < count; place++) {
    for (int lane = 0; lane < 8; lane++) stays[8 * place + lane] = random[lane * count + place];
  }
  for (int lane = 0; lane < 8; lane++) stays[lane] &= 0xFFFFFFFF;
  words at = 0;
  numbers x_sum = 0, y_sum = 0, xx_sum = 0, yy_sum = 0, xy_sum = 0;
  for (long place = 0; place < count; place++) {
    words word;
    LOAD(word, stays + 8 * place);
    const words stay = (words)(word > last_beginning);
    const words beginning = ((word & lower) * (length & lower)) >> 32;
    at = (beginning & ~stay) | ((at + 1) & stay);
    STORE(stay, stays + 8 * place);
    uint64_t places[8];
    STORE(at, places);
    numbers x, y;
    UNROLLED
    for (int lane = 0; lane < 8; lane++) {
      x[lane] = pairs[2 * places[lane]];
      y[lane] = pairs[2 * places[lane] + 1];
    }
    STORE(x, drawn + 16 * place);
    STORE(y, drawn + 16 * place + 8);
    x_sum += x;
    y_sum += y;
    xx_sum += x * x;
    yy_sum += y * y;
    xy_sum += x * y;
  }
  STORE(x_sum, sums);
  STORE(y_sum, sums + 8);
  STORE(xx_sum, sums + 16);
  STORE(yy_sum, sums + 24);
  STORE(xy_sum, sums + 32);
}

FOR_EACH_INSTRUCTION_SET
void ckernels_square_blocks(const double *drawn, const uint64_t *stays, long count, const double *weights, double *squares) {
  numbers x_weight, y_weight, xx_weight, yy_weight, centre;
  LOAD(x_weight, weights);
  LOAD(y_weight, weights + 8);
  LOAD(xx_weight, weights + 16);
  LOAD(yy_weight, weights + 24);
  LOAD(centre, weights + 32);
  numbers block = 0, sum = 0;
  for (long place = 0; place < count; place++) {
    words stay;
    numbers x, y;
    LOAD(stay, stays + 8 * place);
    LOAD(x, drawn + 16 * place);
    LOAD(y, drawn + 16 * place + 8);
    // Where a block begins, the one before is added, and nothing is left of it.
    sum += (numbers)((words)(block * block) & ~stay);
    block = (numbers)((words)block & stay) + ((x * (x_weight + xx_weight * x) + y * (y_weight + yy_weight * y)) - centre);
  }
  sum += block * block;
  STORE(sum, squares);
}
