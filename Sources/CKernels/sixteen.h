// What the loops over sixteen floats share that are compiled for several instruction sets. No operation is fused, so that each set gives the same bits.
#pragma once

#include "helpers.h"

#pragma STDC FP_CONTRACT OFF

typedef float floats __attribute__((ext_vector_type(16)));
typedef int integers __attribute__((ext_vector_type(16)));

// e^x in parts: with r the remainder, e^x = (tail r^2 + r + 1) power.
HELPER void power_and_tail(const floats *x, floats *remainder, floats *tail, floats *power) {
  floats shifted = *x * 1.44269504f + 12582912.0f;
  floats n = shifted - 12582912.0f;
  floats r = *x - n * 0.693359375f + n * 2.1219444e-4f;
  floats p = r * 1.98756915e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  *tail = p * r + 5.0000001201e-1f;
  *remainder = r;
  integers bits;
  __builtin_memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << 23) + 0x3f800000;
  __builtin_memcpy(power, &bits, sizeof bits);
}

// x becomes e^x, for x clamped to [-87, 88].
HELPER void exponential(floats *x) {
  floats low = -87.0f, high = 88.0f, y = *x;
  y = y < low ? low : y;
  y = y > high ? high : y;
  floats r, tail, power;
  power_and_tail(&y, &r, &tail, &power);
  *x = (tail * (r * r) + r + 1.0f) * power;
}
