// One source for three instruction sets; see kernels.inc.
#include "cpricing.h"
#include "coefficients.h"
#include "helpers.h"

// A product and a sum are one operation where the processor has it.
#pragma STDC FP_CONTRACT ON

#define LEVEL(x) baseline_##x
#define DOUBLES 4
#define IMPLIED 8
#define SINGLES 8
#define CHUNK 2
#include "kernels.inc"

#define NAME(x) baseline_pair_##x
#define WIDTH 2
#include "doubles.inc"
#include "functions.inc"
#include "block.inc"
#include "stages.inc"

int cpricing_value_pair(
    signed char side, double spot, double strike, double rate, double yield, double years, double later, double volatility,
    cpricing_pair *pair) {
  NAME(stage) at;
  at.of = (NAME(block)){EVERY(side), EVERY(spot), EVERY(strike), EVERY(rate), EVERY(yield), {years, later}, EVERY(volatility)};
  NAME(find_distances)(&at);
  if (rate == 0 && yield == 0) {
    // Nothing is discounted: to the bit what two of the three exponentials would say.
    at.yielded = at.discounted = EVERY(1);
    at.density = at.d1 * at.d1 * EVERY(-0.5);
    NAME(exponential)(&at.density);
  } else {
    NAME(find_discounts)(&at);
  }
  NAME(find_tails)(&at);
  const NAME(values) values = {pair->prices, pair->deltas, pair->gammas, pair->vegas, pair->thetas, pair->rhos};
  NAME(store_values)(&at, &values, 0, WIDTH);
  return (int)((at.fits[0] & 1) | (at.fits[1] & 2));
}
#include "undefine.inc"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define LEVEL(x) v3_##x
#define DOUBLES 4
#define IMPLIED 8
#define SINGLES 8
#define CHUNK 4
#include "kernels.inc"
#pragma clang attribute pop

// Left alone, the compiler would take vectors of half the width for this level.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define LEVEL(x) v4_##x
#define DOUBLES 8
#define IMPLIED 16
#define SINGLES 16
// One by one: what the stages hand on would go through memory, and costs more than it gains at this width.
#define CHUNK 1
#include "kernels.inc"
#pragma clang attribute pop

#endif

const cpricing_kernels *cpricing_kernels_of_level(int level) {
#if defined(__x86_64__)
  if (level >= 2) return &v4_kernels;
  if (level == 1) return &v3_kernels;
#endif
  return &baseline_kernels;
}

const double *cpricing_exponential(void) { return exponential_tail; }
const double *cpricing_logarithm(void) { return logarithm_tail; }
const double *cpricing_tail(void) { return scaled_tail; }
const float *cpricing_single_exponential(void) { return single_exponential_tail; }
const float *cpricing_single_logarithm(void) { return single_logarithm_tail; }
const float *cpricing_single_tail(void) { return single_scaled_tail; }
