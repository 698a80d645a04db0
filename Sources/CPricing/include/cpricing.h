// Option prices, many at once, compiled for several instruction sets. Owned by the room Pricing, whose scalar Swift twins judge every number.
//
// The operations are those of the twins in the same order. The baseline rounds each by itself and gives the twins' bits; the others fuse products with
// sums and give each other's. Within a level a number depends on its own option alone, whatever stands beside it.
#pragma once

// The kernels of a level. Options are a struct of arrays, `count` in each: sides 1 for a call and -1 for a put; rates, yields and volatilities decimals a
// year; years the time to expiry. All return how many options they left to the scalar form, bad input and limits, whose results are not numbers.
typedef struct {
  long (*value)(
      long count, const signed char *sides, const double *spots, const double *strikes, const double *rates,
      const double *yields, const double *years, const double *volatilities, double *prices, double *deltas,
      double *gammas, double *vegas, double *thetas, double *rhos);
  long (*value_single)(
      long count, const signed char *sides, const float *spots, const float *strikes, const float *rates,
      const float *yields, const float *years, const float *volatilities, float *prices, float *deltas, float *gammas,
      float *vegas, float *thetas, float *rhos);
  // The volatilities at which options have those prices.
  long (*imply)(
      long count, const signed char *sides, const double *spots, const double *strikes, const double *rates,
      const double *yields, const double *years, const double *prices, double *volatilities);
  // Rolls back the trees of American options, whose count is a multiple of sixteen. Node j of level i is bases ratios^j scales^(steps - i); it is
  // exercised for what it is above the level's strike, of strikes (steps + 1, count), less dividends that are still to be paid. Base and strikes of a put
  // are negative. ups, downs: discounted probabilities. nodes (6, count): the values at the three nodes of level two, the two of level one, the root.
  // scratch: (2, steps + 1, 16), aligned to 128 bytes.
  void (*roll_back)(
      long count, long steps, const double *bases, const double *ratios, const double *scales, const double *ups,
      const double *downs, const double *strikes, double *nodes, double *scratch);
} cpricing_kernels;

// Of the baseline (0), x86-64-v3 (1) or x86-64-v4 (2). The caller sees to it that the processor has them.
const cpricing_kernels *cpricing_kernels_of_level(int level);

// Price and Greeks of an option at two times to expiry.
typedef struct {
  double prices[2], deltas[2], gammas[2], vegas[2], thetas[2], rhos[2];
} cpricing_pair;

// Both at once, with the bits of the baseline on every processor. Returns a bit for each that is computed; the others, bad input and limits, are not numbers.
int cpricing_value_pair(
    signed char side, double spot, double strike, double rate, double yield, double years, double later, double volatility,
    cpricing_pair *pair);

// Coefficients, lowest power first, which the twins read too. Each pointer is good for the life of the program.
//
// e^r = 1 + r + r^2 P(r) for |r| <= ln(2) / 2; log((1 + s) / (1 - s)) = 2 s + s z P(z), z = s^2 <= 0.0295; the scaled tail N(-z) e^(z^2 / 2) =
// P(t) / (z + c), t = z / (z + c), z >= 0. Chebyshev series cut off: the errors left are 1.6e-17, 5e-18 and 1.1e-16 of the function in double precision
// (c = 4), and 1.1e-8, 2.8e-9 and 3.7e-8 in single (c = 3).
enum { cpricing_exponential_count = 10, cpricing_logarithm_count = 7, cpricing_tail_count = 23 };
enum { cpricing_single_exponential_count = 5, cpricing_single_logarithm_count = 3, cpricing_single_tail_count = 11 };
const double *cpricing_exponential(void);
const double *cpricing_logarithm(void);
const double *cpricing_tail(void);
const float *cpricing_single_exponential(void);
const float *cpricing_single_logarithm(void);
const float *cpricing_single_tail(void);
