// The pointwise part of the LSTM cell, sixteen units at a time, compiled for several instruction sets.
//
// The same operations in the same order as in LSTMGates.swift, and none of them fused, so that every instruction set and the Swift
// spelling give the same bits.
#include "ckernels.h"
#include "sixteen.h"

HELPER void sigmoid(floats *x) {
  floats e = -*x;
  exponential(&e);
  *x = 1.0f / (1.0f + e);
}

HELPER void hyperbolic_tangent(floats *x) {
  integers bits, magnitude;
  __builtin_memcpy(&bits, x, sizeof bits);
  integers sign = bits & (int)0x80000000u;
  bits &= 0x7fffffff;
  floats limit = 20.0f, doubled, r, tail, power;
  __builtin_memcpy(&doubled, &bits, sizeof bits);
  doubled = doubled * 2.0f;
  doubled = doubled > limit ? limit : doubled;
  power_and_tail(&doubled, &r, &tail, &power);
  floats minus_one = (tail * (r * r) + r) * power + (power - 1.0f);
  floats result = minus_one / (minus_one + 2.0f);
  __builtin_memcpy(&magnitude, &result, sizeof magnitude);
  magnitude |= sign;
  __builtin_memcpy(x, &magnitude, sizeof magnitude);
}

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_lstm_forward,
    (long rows, long units, long hidden_count, float *gates, long gate_stride, const float *previous_cell, float *cell, float *cell_tanh,
     long cell_stride, float *hidden, long hidden_stride),
    (rows, units, hidden_count, gates, gate_stride, previous_cell, cell, cell_tanh, cell_stride, hidden, hidden_stride)) {
  for (long row = 0; row < rows; row++) {
    float *gate = gates + row * gate_stride;
    for (long unit = 0; unit < units; unit += 16) {
      floats i, f, g, o, before;
      LOAD(i, gate + unit);
      LOAD(f, gate + hidden_count + unit);
      LOAD(g, gate + 2 * hidden_count + unit);
      LOAD(o, gate + 3 * hidden_count + unit);
      LOAD(before, previous_cell + row * cell_stride + unit);
      sigmoid(&i);
      sigmoid(&f);
      hyperbolic_tangent(&g);
      sigmoid(&o);
      floats next = f * before + i * g;
      floats squashed = next;
      hyperbolic_tangent(&squashed);
      floats output = o * squashed;
      STORE(i, gate + unit);
      STORE(f, gate + hidden_count + unit);
      STORE(g, gate + 2 * hidden_count + unit);
      STORE(o, gate + 3 * hidden_count + unit);
      STORE(next, cell + row * cell_stride + unit);
      STORE(squashed, cell_tanh + row * cell_stride + unit);
      STORE(output, hidden + row * hidden_stride + unit);
    }
  }
}

FOR_EACH_INSTRUCTION_SET(
    void, ckernels_lstm_backward,
    (long rows, long units, long hidden_count, float *gates, long gate_stride, const float *previous_cell, const float *cell_tanh,
     long cell_stride, const float *hidden_gradient, long hidden_stride, float *cell_gradient, long cell_gradient_stride),
    (rows, units, hidden_count, gates, gate_stride, previous_cell, cell_tanh, cell_stride, hidden_gradient, hidden_stride, cell_gradient,
     cell_gradient_stride)) {
  for (long row = 0; row < rows; row++) {
    float *gate = gates + row * gate_stride;
    for (long unit = 0; unit < units; unit += 16) {
      floats i, f, g, o, before, squashed, above, carried;
      LOAD(i, gate + unit);
      LOAD(f, gate + hidden_count + unit);
      LOAD(g, gate + 2 * hidden_count + unit);
      LOAD(o, gate + 3 * hidden_count + unit);
      LOAD(before, previous_cell + row * cell_stride + unit);
      LOAD(squashed, cell_tanh + row * cell_stride + unit);
      LOAD(above, hidden_gradient + row * hidden_stride + unit);
      LOAD(carried, cell_gradient + row * cell_gradient_stride + unit);
      floats total = carried + above * o * (1.0f - squashed * squashed);
      floats di = total * g * (i * (1.0f - i));
      floats df = total * before * (f * (1.0f - f));
      floats dg = total * i * (1.0f - g * g);
      floats dout = above * squashed * (o * (1.0f - o));
      floats earlier = total * f;
      STORE(di, gate + unit);
      STORE(df, gate + hidden_count + unit);
      STORE(dg, gate + 2 * hidden_count + unit);
      STORE(dout, gate + 3 * hidden_count + unit);
      STORE(earlier, cell_gradient + row * cell_gradient_stride + unit);
    }
  }
}
