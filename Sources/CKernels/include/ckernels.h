// The few operations that Swift cannot spell or scalarises: control of denormals, vector square root, core count.
#pragma once

typedef float ckernels_float8 __attribute__((ext_vector_type(8)));

// Eight square roots at once; Swift's own spelling makes eight library calls of it.
static inline __attribute__((always_inline)) ckernels_float8 ckernels_sqrt8(ckernels_float8 x) {
  return __builtin_elementwise_sqrt(x);
}

// Reads the floating-point control word of this thread.
static inline unsigned int ckernels_control_word(void) {
#if defined(__x86_64__)
  return __builtin_ia32_stmxcsr();
#else
  return 0;
#endif
}

// Writes it.
static inline void ckernels_set_control_word(unsigned int word) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(word);
#else
  (void)word;
#endif
}

// The control word with denormal results and operands read as zero (FTZ and DAZ). On other machines than x86-64 nothing is flushed.
static inline unsigned int ckernels_flushing(unsigned int word) { return word | 0x8040u; }

// Cores that this process may run on; Swift's C library module does not show the call.
int ckernels_available_processors(void);

// One step of the LSTM cell's pointwise part for units 0 ..< units, a multiple of 16; arguments as in LSTMGates.swift.
void ckernels_lstm_forward(
    long rows, long units, long hidden_count, float *gates, long gate_stride, const float *previous_cell, float *cell,
    float *cell_tanh, long cell_stride, float *hidden, long hidden_stride);

// The same step backward.
void ckernels_lstm_backward(
    long rows, long units, long hidden_count, float *gates, long gate_stride, const float *previous_cell,
    const float *cell_tanh, long cell_stride, const float *hidden_gradient, long hidden_stride, float *cell_gradient,
    long cell_gradient_stride);

// 1 where the processor and the operating system have AVX-512 F, CD, BW, DQ and VL, else 0.
int ckernels_has_avx512(void);

// The two words of a Swift closure, lent for the length of a call. Swift's side of the lending is declared in WorkerPool.swift.
typedef struct {
  void *function;
  void *context;
} ckernels_closure;

// Calls a lent closure of the Swift type (Int, Int) -> Void.
void ckernels_call_closure(const ckernels_closure *closure, long task, long worker);
