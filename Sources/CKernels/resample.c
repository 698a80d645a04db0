// Resamples of two series, eight side by side: one alone waits for its own sums, and for every guess about where a block begins.
#include "ckernels.h"
#include "threefry.h"

// The same bits at every level: a product and a sum stay two operations.
#pragma STDC FP_CONTRACT OFF

typedef double numbers __attribute__((ext_vector_type(8)));
typedef double pair __attribute__((ext_vector_type(2)));
typedef uint64_t words __attribute__((ext_vector_type(8)));
typedef int64_t whole __attribute__((ext_vector_type(8)));
typedef signed char bytes __attribute__((ext_vector_type(8)));

// Every second one of two vectors of sixteen.
#define EVEN(one, other) __builtin_shufflevector(one, other, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(one, other) __builtin_shufflevector(one, other, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#define JOIN(one, other) __builtin_shufflevector(one, other, 0, 1, 2, 3)
#define JOIN_FOURS(one, other) __builtin_shufflevector(one, other, 0, 1, 2, 3, 4, 5, 6, 7)

// The pairs at eight places, the first numbers of all side by side and the second.
HELPER void gather(const double *pairs, const uint64_t *places, numbers *x, numbers *y) {
  pair one[8];
  UNROLLED
  for (int lane = 0; lane < 8; lane++) LOAD(one[lane], pairs + 2 * places[lane]);
  const numbers front = JOIN_FOURS(JOIN(one[0], one[1]), JOIN(one[2], one[3]));
  const numbers back = JOIN_FOURS(JOIN(one[4], one[5]), JOIN(one[6], one[7]));
  *x = __builtin_shufflevector(front, back, 0, 2, 4, 6, 8, 10, 12, 14);
  *y = __builtin_shufflevector(front, back, 1, 3, 5, 7, 9, 11, 13, 15);
}

// How many places' words are made at a time: few enough to stay in the first-level cache, and apart from the sums, which need the registers.
enum { strip = 32 };

// The next words of eight streams, whose places are `counters`. made: (strip, 8).
HELPER void make_words(uint32_t key0, uint32_t key1, words *counters, words *made) {
  for (int place = 0; place < strip; place += 2) {
    const words next = *counters + 1;
    sixteen_words low = EVEN((sixteen_words)*counters, (sixteen_words)next);
    sixteen_words high = ODD((sixteen_words)*counters, (sixteen_words)next);
    *counters += 2;
    threefry(key0, key1, &low, &high);
    made[place] = (words)__builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    made[place + 1] = (words)__builtin_shufflevector(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
}

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_draw_blocks,
    (uint32_t key0, uint32_t key1, uint64_t position, long count, uint64_t last_beginning, const double *pairs, double *drawn,
     signed char *stays, double *sums),
    (key0, key1, position, count, last_beginning, pairs, drawn, stays, sums)) {
  const words lower = 0xFFFFFFFF, length = (uint64_t)count;
  words counters, made[strip];
  for (int lane = 0; lane < 8; lane++) counters[lane] = position + (uint64_t)(lane * count);
  words at = 0;
  numbers x_sum = 0, y_sum = 0, xx_sum = 0, yy_sum = 0, xy_sum = 0;
  for (long first = 0; first < count; first += strip) {
    make_words(key0, key1, &counters, made);
    // At the first place a block begins whatever is drawn.
    if (first == 0) made[0] &= lower;
    const long some = count - first < strip ? count - first : strip;
    for (long i = 0; i < some; i++) {
      const long place = first + i;
      const words word = made[i];
      const words stay = (words)(word > last_beginning);
      const words beginning = ((word & lower) * (length & lower)) >> 32;
      at = (beginning & ~stay) | ((at + 1) & stay);
      const bytes short_stay = __builtin_convertvector((whole)stay, bytes);
      STORE(short_stay, stays + 8 * place);
      uint64_t places[8];
      STORE(at, places);
      numbers x, y;
      gather(pairs, places, &x, &y);
      STORE(x, drawn + 16 * place);
      STORE(y, drawn + 16 * place + 8);
      x_sum += x;
      y_sum += y;
      xx_sum += x * x;
      yy_sum += y * y;
      xy_sum += x * y;
    }
  }
  STORE(x_sum, sums);
  STORE(y_sum, sums + 8);
  STORE(xx_sum, sums + 16);
  STORE(yy_sum, sums + 24);
  STORE(xy_sum, sums + 32);
}

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_square_blocks, (const double *drawn, const signed char *stays, long count, const double *weights, double *squares),
    (drawn, stays, count, weights, squares)) {
  numbers x_weight, y_weight, xx_weight, yy_weight, centre;
  LOAD(x_weight, weights);
  LOAD(y_weight, weights + 8);
  LOAD(xx_weight, weights + 16);
  LOAD(yy_weight, weights + 24);
  LOAD(centre, weights + 32);
  numbers block = 0, sum = 0;
  for (long place = 0; place < count; place++) {
    bytes short_stay;
    numbers x, y;
    LOAD(short_stay, stays + 8 * place);
    LOAD(x, drawn + 16 * place);
    LOAD(y, drawn + 16 * place + 8);
    const words stay = (words)__builtin_convertvector(short_stay, whole);
    // Where a block begins, the one before is added, and nothing is left of it.
    sum += (numbers)((words)(block * block) & ~stay);
    block = (numbers)((words)block & stay) + ((x * (x_weight + xx_weight * x) + y * (y_weight + yy_weight * y)) - centre);
  }
  sum += block * block;
  STORE(sum, squares);
}
