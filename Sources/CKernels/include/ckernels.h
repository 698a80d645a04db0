// The few operations that Swift cannot spell or scalarises: control of denormals, core count.
#pragma once

#include <stdint.h>

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

// Asks for elements `places` (count) of an array, `stride` bytes apart, that will be read soon. Negative places are passed over.
void ckernels_prefetch(const void *array, long stride, const int *places, long count);

// Asks for the cache lines of these addresses (count), which need not be of anything.
void ckernels_prefetch_lines(const void *const *addresses, long count);

// Where in `text` (count, below 2^31) a line feed or the byte `mark` stands, ascending, in `places`, which has room for count + 8 numbers. `lines` has room for
// `line_limit` + 64 numbers and gets which of these places are line feeds: looking ends soon after as many were found. Returns how many bytes were looked at.
// `counts`: how many places, how many line feeds, and whether any byte that was looked at is `seen`.
long ckernels_byte_places(
    const unsigned char *text, long count, unsigned char mark, unsigned char seen, int *places, int *lines, long line_limit,
    long counts[3]);

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

// What is done to a number of a dense layer's result: nothing; an activation; or, on the way back, the activation's derivative at the output
// `below` is multiplied to it.
enum { ckernels_identity, ckernels_tanh, ckernels_relu, ckernels_tanh_gradient, ckernels_relu_gradient };

// result (rows, columns) = function(start + a b), a: (rows, depth), b: (depth, columns), strides in floats. start: bias (columns) where there is one;
// else the result itself where it `adds`; else zero. Where columns are no multiple of 16, b and bias are padded to one.
typedef struct {
  long rows, depth, columns;
  const float *a;
  long a_stride;
  const float *b;
  long b_stride;
  const float *bias;
  long adds;
  float *result;
  long result_stride;
  long function;
  const float *below;  // (rows, columns) with the result's stride
} ckernels_dense;

// The loss of an actor and its critic over rows whose logits and values lie side by side, and its gradient in their place.
typedef struct {
  // At most 15 actions. heads: (rows, 16) logits and behind them the value; there must be room up to a multiple of 16 rows.
  long rows, actions;
  float *heads;
  // (rows) where a row's numbers stand in the arrays that follow; below zero the row counts for nothing and gets no gradient.
  const int32_t *places;
  const uint64_t *masks;  // bits of the legal actions; none: all of them
  const int32_t *taken;
  const float *log_probabilities, *advantages, *returns, *values;
  float illegal;  // the log-probability of an illegal action
  float advantage_mean, advantage_divisor;
  // Policy loss -min(A r, A clip(r, 1 +- clip_range)) where it `is_clipped`, else -A log p.
  long is_clipped;
  float clip_range;
  // Value loss (V - R)^2, V held to within value_clip_range of its old one where it `clips_values`.
  long clips_values;
  float value_clip_range;
  float scale, value_scale, entropy_scale;  // of the three parts in the gradient
  // Out: what the rows add up to is added here.
  double policy, value, entropy, divergence, clipped;
} ckernels_policy_loss;

// The LSTM on gate panels: the gates i, f, g, o of U units side by side, 4U floats. Rows n, inputs D, hidden units H, a
// multiple of 16.
typedef struct {
  // U: 4, 8 or 16, floats of a vector.
  long units;
  // One step forward. x: (n, D), before and cell_before: (n, H) the state it starts from; weights: (H / U, D + H, 4U); bias: (H / U, 4U);
  // gates: (H / U, n, 4U) activations; cell, output: (n, H).
  void (*forward)(
      long rows, long inputs, long hidden, const float *x, const float *before, const float *weights, const float *bias,
      const float *cell_before, float *gates, float *cell, float *output);
  // Its pointwise part backward. gate_gradient (H / U, n, 4U): the gradients of what the gates are activations of, whose sums over the rows are
  // added to bias_gradient (H / U, 4U); cell_gradient: of the cell, replaced by that of cell_before.
  void (*backward)(
      long rows, long hidden, const float *gates, const float *cell_before, const float *output, const float *hidden_gradient,
      float *cell_gradient, float *gate_gradient, float *bias_gradient);
  // target (n, H) += the gates' gradients through the recurrent weights: (H / 16 columns' blocks, 4H in the panels' order, 16). ahead: gates of the
  // same shape that will be read next, fetched into the caches meanwhile; or none.
  void (*through)(
      long rows, long hidden, const float *gates, const float *weights, const float *ahead, float *target);
  // gradient (H / U, columns, 4U), `panel_stride` floats from panel to panel, += what `blocks` blocks of n rows add: transposed a[block] (n, columns)
  // times gates[block] (H / U, n, 4U).
  void (*outer)(
      long blocks, long rows, long columns, const float *const *a, long hidden, const float *const *gates, float *gradient,
      long panel_stride);
  // A dense layer forward, or its gradient backward.
  void (*dense)(const ckernels_dense *job);
  // result (lines, columns) += transposed a (rows, lines) times b (rows, columns); columns a multiple of 16.
  void (*transposed)(
      long rows, long lines, long columns, const float *a, long a_stride, const float *b, long b_stride, float *result,
      long result_stride);
  // sums (columns, a multiple of 16) += the sums of a (rows, columns) over its rows.
  void (*column_sums)(long rows, long columns, const float *a, long a_stride, float *sums);
  // target (columns, rows) = transposed source (rows, columns), or that added to it.
  void (*turn)(
      long rows, long columns, const float *source, long source_stride, float *target, long target_stride, long adds);
  // A loss and its gradient; -1, or the place of a row whose mask allows no action, in front of which nothing counts.
  long (*policy_loss)(ckernels_policy_loss *job);
} ckernels_panel;

// target = clip((source - mean) / deviation, -clip, clip) column by column, in double precision; rows (rows, columns), strides in floats. They may be the
// same rows. NaN stays NaN.
void ckernels_scale_columns(
    long rows, long columns, const float *source, long source_stride, float *target, long target_stride, const double *mean,
    const double *deviation, double clip);

// The LSTM on gate panels with products of bfloat16 numbers: sums, gates and cell state are floats. Rows n, inputs D, padded with a zero to an even
// number of them, depth K = padded D + H. Words of 16 bits are bfloat16 numbers; a panel's pairs are (pairs, 64, 2): two numbers of neighbouring rows
// or columns side by side. The tape (H / 16, n, 80) holds the gates and the cell's tanh of sixteen units in half precision.
typedef struct {
  // The nearest numbers of source (rows, columns), and a zero behind an odd number of them.
  void (*narrow_rows)(long rows, long columns, const float *source, unsigned short *target, long target_stride);
  // One step forward. operands: (n, K) inputs and output before; weights: (H / 16, K / 2, 64, 2) and bias: (H / 16, 64) as packed; cell_before, cell,
  // output: (n, H). next_operands: where the next step's operands have their outputs before, K apart.
  void (*forward)(
      long rows, long depth, long hidden, const unsigned short *operands, const unsigned short *weights, const float *bias,
      const float *cell_before, unsigned short *tape, float *cell, float *output, unsigned short *next_operands);
  // Its pointwise part backward: the gradients of the gates' sums, by row (n, 4H in the panels' order) and by pairs of rows (H / 16 blocks
  // `pair_stride` apart, (n + 1) / 2, 64, 2), and their sums over the rows, which are added to bias_gradient (H / 16, 64). cell_gradient: of the cell,
  // replaced by that of cell_before.
  void (*backward)(
      long rows, long hidden, const unsigned short *tape, const float *cell_before, const float *hidden_gradient,
      float *cell_gradient, float *bias_gradient, unsigned short *gate_rows, unsigned short *gate_pairs, long pair_stride);
  // target (n, H) += gates (n, 4H) through the recurrent weights as packed.
  void (*through)(
      long rows, long hidden, const unsigned short *gates, const unsigned short *weights, float *target);
  // Rows (n, columns) as pairs of rows ((n + 1) / 2, columns, 2), the last with zeros where n is odd.
  void (*pair_rows)(long rows, long columns, const unsigned short *source, unsigned short *target);
  // gradient (H / 16, columns, 64) += what `count` pairs of rows add: operands (count, columns, 2), gates by pairs of rows.
  void (*outer)(
      long count, long columns, long hidden, const unsigned short *operands, const unsigned short *gates, long pair_stride,
      float *gradient);
  // Packs weights (4H, D) and (4H, H) and the biases' sum (4H). recurrent, for `through`: (H / 16 blocks of columns, 2H, 16, 2).
  void (*pack)(
      long inputs, long hidden, const float *input_weight, const float *hidden_weight, const float *biases,
      unsigned short *weights, float *bias, unsigned short *recurrent);
  // Adds gradients in the panels' order to those in the declared one.
  void (*unpack)(
      long inputs, long hidden, const float *gradient, const float *bias_gradient, float *input_weight,
      float *hidden_weight, float *bias);
} ckernels_bfloat16;

// What multiplies bfloat16 numbers: any processor, slowly; AVX512-BF16; AMX-BF16, whose tiles do the products; a model of such tiles on any processor.
enum { ckernels_bfloat16_portable, ckernels_bfloat16_avx512, ckernels_bfloat16_amx, ckernels_bfloat16_model };

// Whether this processor and system have the unit.
int ckernels_bfloat16_supported(int unit);

// Whether the processor is one of Intel's, whose AVX512-BF16 does not multiply faster than float32.
int ckernels_is_intel(void);

// Whether the processor has AMX-BF16, whatever the system lets programs use.
int ckernels_has_amx(void);

// The unit's kernels; null where it is not there.
const ckernels_bfloat16 *ckernels_bfloat16_of_unit(int unit);

// The words (16) of the stream of that key from `position` on: Threefry-2x32 with 20 rounds.
void ckernels_threefry_words(uint32_t key0, uint32_t key1, uint64_t position, uint64_t *words);

// Draws eight resamples of `count` pairs in blocks, and adds them up. They take the words of the stream of that key from `position` on, one a place,
// one resample after the other: the upper half says whether a block begins, where the word is at most `last_beginning` or the place the first, and the
// lower half where. pairs: (2 count, 2) the series twice over, because a block goes on at the front. Out: drawn (count, 2, 8), stays (count, 8) with all bits
// set where no block begins, and sums (5, 8) of x, y, x^2, y^2, x y.
void ckernels_draw_blocks(
    uint32_t key0, uint32_t key1, uint64_t position, long count, uint64_t last_beginning, const double *pairs, double *drawn,
    signed char *stays, double *sums);

// The sum over the blocks of the square of what a block adds up: x (w0 + w2 x) + y (w1 + w3 y) - w4 over its pairs. weights: (5, 8), squares: (8).
void ckernels_square_blocks(const double *drawn, const signed char *stays, long count, const double *weights, double *squares);

// y += W x, W: (rows, columns).
void ckernels_matrix_vector(const float *weights, long rows, long columns, const float *x, float *y);

// Softmax over the legal ones (bits of the mask, at least one) of 8 to 16 logits; returns the entropy. Illegal ones get probability 0 and the
// log-probability `illegal`.
float ckernels_masked_softmax(
    const float *logits, unsigned long long mask, long count, float illegal, float *log_probabilities, float *probabilities);

// gradient = -pull p + entropy_scale p (log p + entropy), for 8 to 16 actions.
void ckernels_policy_gradient(
    const float *log_probabilities, const float *probabilities, long count, float entropy, float pull, float entropy_scale,
    float *gradient);

// target (count) = source (count), numbers in half precision, at any address.
void ckernels_widen_halves(const void *source, float *target, long count);

// What an Adam step takes besides its vectors.
typedef struct {
  float step_size, correction, mix1, keep2, mix2, epsilon, gradient_scale;
} ckernels_adam_rates;

// One step of Adam over vectors of `count`, which do not overlap.
void ckernels_adam(
    float *parameters, const float *gradients, float *first_moments, float *second_moments, long count, const ckernels_adam_rates *rates);

// What an RMSprop step takes besides its vectors.
typedef struct {
  float keep, mix, rate, inside, outside, gradient_scale;
} ckernels_rmsprop_rates;

// One step of RMSprop over vectors of `count`, which do not overlap.
void ckernels_rmsprop(float *parameters, const float *gradients, float *squares, long count, const ckernels_rmsprop_rates *rates);

// Runs a function in a child process: the signal that ended it (SIGKILL where it took longer than that), 0 where none did, -1 where no child could be had.
int ckernels_signal_of_trial(void (*body)(void), int milliseconds);

// The kernels of a level, or of the processor's own where that is lower.
const ckernels_panel *ckernels_panel_of_level(int level);

// The two words of a Swift closure, lent for the length of a call. Swift's side of the lending is declared in ClosureLoan.swift.
typedef struct {
  void *function;
  void *context;
} ckernels_closure;

// Calls a lent closure of the Swift type (Int, Int) -> Void.
void ckernels_call_closure(const ckernels_closure *closure, long task, long worker);
