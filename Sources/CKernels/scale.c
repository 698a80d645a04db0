// Observations scaled by the moments of their columns, eight at a time in double precision, compiled for several instruction sets.
//
// The same operations as in ColumnScaling.swift, and none of them fused, so that every instruction set and the Swift spelling give the same bits.
#include "ckernels.h"
#include "helpers.h"

#pragma STDC FP_CONTRACT OFF

typedef float eights __attribute__((ext_vector_type(8)));
typedef double wide_eights __attribute__((ext_vector_type(8)));

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_scale_columns,
    (long rows, long columns, const float *source, long source_stride, float *target, long target_stride, const double *mean,
     const double *deviation, double clip),
    (rows, columns, source, source_stride, target, target_stride, mean, deviation, clip)) {
  const wide_eights most = clip, least = -clip;
  long column = 0;
  for (; column + 8 <= columns; column += 8) {
    wide_eights center, width;
    LOAD(center, mean + column);
    LOAD(width, deviation + column);
    for (long row = 0; row < rows; row++) {
      eights x;
      LOAD(x, source + row * source_stride + column);
      wide_eights scaled = (__builtin_convertvector(x, wide_eights) - center) / width;
      // Both comparisons are false for NaN, which must not be hidden by the bound.
      scaled = scaled > most ? most : scaled < least ? least : scaled;
      const eights result = __builtin_convertvector(scaled, eights);
      STORE(result, target + row * target_stride + column);
    }
  }
  for (; column < columns; column++) {
    for (long row = 0; row < rows; row++) {
      const double scaled = ((double)source[row * source_stride + column] - mean[column]) / deviation[column];
      target[row * target_stride + column] = (float)(scaled > clip ? clip : scaled < -clip ? -clip : scaled);
    }
  }
}
