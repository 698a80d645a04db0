// Steps of the optimizers over flat vectors, compiled for several instruction sets.
//
// No operation is fused and a number depends on nothing but itself, so that every instruction set gives the same bits.
#include "ckernels.h"
#include "sixteen.h"

// The first `count` (1 ... 16) numbers; beyond them zero, whose step divides nothing by zero that is stored.
HELPER void load_part(const float *source, long count, floats *target) {
  *target = 0;
  __builtin_memcpy(target, source, 4 * (unsigned long)count);
}

HELPER void store_part(const floats *x, float *target, long count) {
  __builtin_memcpy(target, x, 4 * (unsigned long)count);
}

HELPER void adam_sixteen(
    float *parameters, const float *gradients, float *first_moments, float *second_moments, long count, const ckernels_adam_rates *rates) {
  floats gradient, first, second, parameter;
  load_part(gradients, count, &gradient);
  load_part(first_moments, count, &first);
  load_part(second_moments, count, &second);
  load_part(parameters, count, &parameter);
  gradient *= rates->gradient_scale;
  first += (gradient - first) * rates->mix1;
  second = second * rates->keep2 + (gradient * gradient) * rates->mix2;
  parameter -= rates->step_size * (first / (__builtin_elementwise_sqrt(second) / rates->correction + rates->epsilon));
  store_part(&first, first_moments, count);
  store_part(&second, second_moments, count);
  store_part(&parameter, parameters, count);
}

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_adam,
    (float *parameters, const float *gradients, float *first_moments, float *second_moments, long count, const ckernels_adam_rates *rates),
    (parameters, gradients, first_moments, second_moments, count, rates)) {
  long index = 0;
  for (; index + 16 <= count; index += 16)
    adam_sixteen(parameters + index, gradients + index, first_moments + index, second_moments + index, 16, rates);
  if (index < count)
    adam_sixteen(parameters + index, gradients + index, first_moments + index, second_moments + index, count - index, rates);
}

HELPER void rmsprop_sixteen(float *parameters, const float *gradients, float *squares, long count, const ckernels_rmsprop_rates *rates) {
  floats gradient, square, parameter;
  load_part(gradients, count, &gradient);
  load_part(squares, count, &square);
  load_part(parameters, count, &parameter);
  gradient *= rates->gradient_scale;
  square = square * rates->keep + (gradient * gradient) * rates->mix;
  parameter -= rates->rate * (gradient / (__builtin_elementwise_sqrt(square + rates->inside) + rates->outside));
  store_part(&square, squares, count);
  store_part(&parameter, parameters, count);
}

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_rmsprop,
    (float *parameters, const float *gradients, float *squares, long count, const ckernels_rmsprop_rates *rates),
    (parameters, gradients, squares, count, rates)) {
  long index = 0;
  for (; index + 16 <= count; index += 16)
    rmsprop_sixteen(parameters + index, gradients + index, squares + index, 16, rates);
  if (index < count) rmsprop_sixteen(parameters + index, gradients + index, squares + index, count - index, rates);
}
