// The categorical distribution of one row of eight to sixteen actions, compiled for several instruction sets.
//
// A row is held as two vectors of eight, of which the second ends with the row: what lies in both is calculated twice, equally, and counted
// once. No operation is fused and sums are taken in one order, so that every instruction set gives the same bits.
#include "ckernels.h"
#include "sixteen.h"

typedef float halves __attribute__((ext_vector_type(8)));
typedef float quarters __attribute__((ext_vector_type(4)));

HELPER void load_row(const float *row, long count, floats *target) {
  __builtin_memcpy(target, row, 32);
  __builtin_memcpy((char *)target + 32, row + count - 8, 32);
}

HELPER void store_row(const floats *source, long count, float *row) {
  __builtin_memcpy(row, source, 32);
  __builtin_memcpy(row + count - 8, (const char *)source + 32, 32);
}

HELPER float sum(const floats *x) {
  const halves eight = x->lo + x->hi;
  const quarters four = eight.lo + eight.hi;
  return (four.x + four.z) + (four.y + four.w);
}

HELPER float largest(const floats *x) {
  const halves eight = __builtin_elementwise_max(x->lo, x->hi);
  const quarters four = __builtin_elementwise_max(eight.lo, eight.hi);
  const float first = four.x > four.z ? four.x : four.z, second = four.y > four.w ? four.y : four.w;
  return first > second ? first : second;
}

static const integers places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

FOR_EACH_INSTRUCTION_SET(
    float, ckernels_masked_softmax,
    (const float *logits, unsigned long long mask, long count, float illegal, float *log_probabilities, float *probabilities),
    (logits, mask, count, illegal, log_probabilities, probabilities)) {
  const int bits = (int)((mask & 0xff) | (mask >> (count - 8) & 0xff) << 8);
  const int counted = bits & (0xff | (0xff00 << (16 - count) & 0xff00));
  const integers is_legal = ((places - places + bits) >> places & 1) != 0;
  const integers counts = ((places - places + counted) >> places & 1) != 0;
  floats row, none = 0;
  load_row(logits, count, &row);
  const floats least = -__builtin_inff();
  const floats candidates = is_legal ? row : least;
  floats logs = row - largest(&candidates);
  floats weights = logs;
  exponential(&weights);
  const floats summands = counts ? weights : none;
  const float total = sum(&summands);
  logs = logs - __builtin_logf(total);
  const floats never = illegal;
  logs = is_legal ? logs : never;
  floats chances = is_legal ? weights * (1 / total) : none;
  const floats parts = counts ? chances * logs : none;
  store_row(&logs, count, log_probabilities);
  store_row(&chances, count, probabilities);
  return -sum(&parts);
}

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_policy_gradient,
    (const float *log_probabilities, const float *probabilities, long count, float entropy, float pull, float entropy_scale, float
     *gradient),
    (log_probabilities, probabilities, count, entropy, pull, entropy_scale, gradient)) {
  floats logs, chances;
  load_row(log_probabilities, count, &logs);
  load_row(probabilities, count, &chances);
  const floats result = chances * -pull + chances * entropy_scale * (logs + entropy);
  store_row(&result, count, gradient);
}
