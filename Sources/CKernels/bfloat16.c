// One source for every unit that multiplies bfloat16 numbers; see bfloat16.inc.
#include "ckernels.h"
#include "cprocessor.h"
#include "helpers.h"

#if defined(__x86_64__)
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

// A product and a sum are one operation where the processor has it.
#pragma STDC FP_CONTRACT ON

typedef float floats __attribute__((ext_vector_type(16)));
typedef unsigned pairs __attribute__((ext_vector_type(16)));
typedef unsigned short words __attribute__((ext_vector_type(32)));
typedef unsigned short halves __attribute__((ext_vector_type(16)));

// What `gate` and `squash` take is scaled: sigmoid x = 1 / (1 + 2^(-x log2 e)), tanh x likewise of 2 x.
#define SIGMOID_SCALE -1.44269504f
#define TANH_SCALE -2.88539008f
// Beyond it tanh is -1, and 2^x would overflow.
#define TANH_LIMIT 60.0f
// Numbers that a row leaves for the way back: four gates and the cell's tanh of sixteen units.
#define TAPE 80

// No tile of few rows behind those of six: too few sums would wait for each other.
#define FOR_ROWS(TILE)                                  \
  for (long r = 0; r < rows;) {                         \
    const long left = rows - r;                         \
    if (left >= 9 || left == 6 || left == 7) {          \
      WITH(TILE, ROWS) r += ROWS;                       \
    } else if (left >= 4) {                             \
      TILE(4) r += 4;                                   \
    } else if (left >= 2) {                             \
      TILE(2) r += 2;                                   \
    } else {                                            \
      TILE(1) r += 1;                                   \
    }                                                   \
  }
#define FOR_WIDE_ROWS(TILE)                             \
  for (long r = 0; r < rows;) {                         \
    const long left = rows - r;                         \
    if (left >= WIDE_ROWS) {                            \
      WITH(TILE, WIDE_ROWS) r += WIDE_ROWS;             \
    } else if (left >= 2) {                             \
      TILE(2) r += 2;                                   \
    } else {                                            \
      TILE(1) r += 1;                                   \
    }                                                   \
  }

// The nearest bfloat16 number, of two the even one; denormal numbers become zero, as in the processors' own conversion.
HELPER unsigned short narrowed(float x) {
  unsigned bits;
  STORE(x, &bits);
  const unsigned magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return (unsigned short)(bits >> 16 | 0x40);
  if (magnitude < 0x00800000u) return (unsigned short)(bits >> 16 & 0x8000);
  return (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// MARK: Any processor

HELPER void portable_dot(floats *sum, const pairs *weights, unsigned pair) {
  const pairs high = *weights & 0xffff0000u, low = *weights << 16, a = pair & 0xffff0000u, b = pair << 16;
  floats high_weight, low_weight, high_number, low_number;
  LOAD(high_weight, &high);
  LOAD(low_weight, &low);
  LOAD(high_number, &a);
  LOAD(low_number, &b);
  *sum += low_weight * low_number;
  *sum += high_weight * high_number;
}

// The nearest whole number; x is brought to where 2^x is a normal number.
HELPER void portable_round(floats *x, floats *result) {
  const floats low = -126.0f, high = 126.0f;
  *x = *x < low ? low : *x;
  *x = *x > high ? high : *x;
  *result = (*x + 12582912.0f) - 12582912.0f;
}

// x 2^n for a whole n.
HELPER void portable_scale(const floats *x, const floats *n, floats *result) {
  const floats shifted = *n + 12582912.0f;
  pairs bits, exponent;
  LOAD(bits, x);
  LOAD(exponent, &shifted);
  bits += exponent << 23;
  LOAD(*result, &bits);
}

HELPER void portable_reciprocal(floats *x) { *x = 1.0f / *x; }

HELPER void portable_narrow(const floats *x, void *target) {
  unsigned short *to = (unsigned short *)target;
  for (int i = 0; i < 16; i++) to[i] = narrowed((*x)[i]);
}

HELPER void portable_narrow_two(const floats *first, const floats *second, words *target) {
  portable_narrow(first, target);
  portable_narrow(second, (unsigned short *)target + 16);
}

// target: the first numbers of both, the second of both, and so on.
HELPER void portable_interleave(const words *even, const words *odd, void *target) {
  unsigned short *to = (unsigned short *)target;
  for (int i = 0; i < 32; i++) {
    to[2 * i] = (*even)[i];
    to[2 * i + 1] = (*odd)[i];
  }
}

// Half precision: numbers of at most 1.
HELPER void portable_store_half(const floats *x, void *target) {
  pairs bits;
  LOAD(bits, x);
  const pairs sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  floats absolute;
  LOAD(absolute, &magnitude);
  // Below the smallest normal number halves are 2^-24 apart, as floats are from 0.5 on.
  const floats lifted = absolute + 0.5f;
  pairs small;
  LOAD(small, &lifted);
  const pairs normal = (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000u) >> 13;
  pairs half = magnitude < 0x38800000u ? small - 0x3f000000u : normal;
  half = magnitude > 0x7f800000u ? (pairs)0x7e00u : half;
  const halves result = __builtin_convertvector(half | sign, halves);
  STORE(result, target);
}

HELPER void portable_load_half(floats *x, const void *source) {
  halves half;
  LOAD(half, source);
  const pairs bits = __builtin_convertvector(half, pairs);
  const pairs sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
  const floats tiny = __builtin_convertvector(magnitude, floats) * 0x1p-24f;
  pairs small;
  LOAD(small, &tiny);
  const pairs normal = (magnitude << 13) + 0x38000000u, unusual = (magnitude << 13) | 0x7f800000u;
  pairs result = magnitude < 0x400u ? small : normal;
  result = magnitude >= 0x7c00u ? unusual : result;
  result |= sign;
  LOAD(*x, &result);
}

#define NAME(x) portable_##x
#define OP(x) portable_##x
#define ROWS 6
#define WIDE_ROWS 8
#include "bfloat16.inc"

// MARK: A tile unit, its model for any processor

// What a tile unit is told before it works: rows, and bytes of each, of eight tiles.
typedef struct {
  unsigned char palette, start_row, reserved[14];
  unsigned short bytes[16];
  unsigned char rows[16];
} tile_shapes;

// Tiles 0 to 3 are alike. Those without rows, or without bytes, are not there.
#define SHAPES(rows0, bytes0, rows4, bytes4, rows5, bytes5, rows6, bytes6, rows7, bytes7)                               \
  {                                                                                                                     \
    .palette = 1,                                                                                                       \
    .bytes = {bytes0, bytes0, bytes0, bytes0, bytes4, bytes5, (rows6) ? (bytes6) : 0, (rows7) ? (bytes7) : 0},          \
    .rows = {rows0, rows0, rows0, rows0, rows4, rows5, (bytes6) ? (rows6) : 0, (bytes7) ? (rows7) : 0},                 \
  }

// The unit's registers. It stops the program where the processor's own would: with an operand of another shape than it was told.
typedef struct {
  tile_shapes shapes;
  unsigned char data[8][16][64];
} tile_model;

static void model_load(tile_model *model, int tile, const void *source, long stride) {
  const tile_shapes *shapes = &model->shapes;
  for (int other = 0; other < 8; other++) {
    if (shapes->rows[other] > 16 || shapes->bytes[other] > 64) __builtin_trap();
    if ((shapes->rows[other] == 0) != (shapes->bytes[other] == 0)) __builtin_trap();
  }
  if (shapes->rows[tile] == 0) __builtin_trap();
  __builtin_memset(model->data[tile], 0, sizeof(model->data[tile]));
  for (int row = 0; row < shapes->rows[tile]; row++) {
    __builtin_memcpy(model->data[tile][row], (const char *)source + row * stride, shapes->bytes[tile]);
  }
}

static void model_store(const tile_model *model, int tile, void *target, long stride) {
  const tile_shapes *shapes = &model->shapes;
  if (shapes->rows[tile] == 0) __builtin_trap();
  for (int row = 0; row < shapes->rows[tile]; row++) {
    __builtin_memcpy((char *)target + row * stride, model->data[tile][row], shapes->bytes[tile]);
  }
}

static void model_dot(tile_model *model, int c, int a, int b) {
  const tile_shapes *shapes = &model->shapes;
  if (shapes->rows[a] != shapes->rows[c] || shapes->bytes[b] != shapes->bytes[c] || shapes->rows[b] == 0 ||
      shapes->bytes[a] != 4 * shapes->rows[b]) {
    __builtin_trap();
  }
  for (int row = 0; row < shapes->rows[c]; row++) {
    floats sum;
    LOAD(sum, model->data[c][row]);
    for (int k = 0; k < shapes->rows[b]; k++) {
      pairs weights;
      unsigned pair;
      LOAD(weights, model->data[b][k]);
      LOAD(pair, model->data[a][row] + 4 * k);
      portable_dot(&sum, &weights, pair);
    }
    STORE(sum, model->data[c][row]);
  }
}

#define NAME(x) model_##x
#define BASE(x) portable_##x
#define TILES_CONFIGURE(shapes) tile_model tiles = {(shapes), {{{0}}}}
#define TILES_RELEASE()
#define TILE_LOAD(tile, source, stride) model_load(&tiles, tile, source, stride)
#define TILE_STORE(tile, target, stride) model_store(&tiles, tile, target, stride)
#define TILE_DOT(c, a, b) model_dot(&tiles, c, a, b)
#include "tiles.inc"

// MARK: AVX512-BF16

#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4,avx512bf16"), min_vector_width(512))), apply_to = function)

HELPER void avx512_dot(floats *sum, const pairs *weights, unsigned pair) {
  const __m512i a = _mm512_set1_epi32((int)pair);
  *sum = (floats)_mm512_dpbf16_ps((__m512)*sum, (__m512bh)*weights, (__m512bh)a);
}

HELPER void avx512_round(floats *x, floats *result) {
  *result = (floats)_mm512_roundscale_ps((__m512)*x, _MM_FROUND_TO_NEAREST_INT);
}

HELPER void avx512_scale(const floats *x, const floats *n, floats *result) {
  *result = (floats)_mm512_scalef_ps((__m512)*x, (__m512)*n);
}

HELPER void avx512_reciprocal(floats *x) { *x = (floats)_mm512_rcp14_ps((__m512)*x); }

HELPER void avx512_narrow(const floats *x, void *target) {
  const __m256bh result = _mm512_cvtneps_pbh((__m512)*x);
  STORE(result, target);
}

HELPER void avx512_narrow_two(const floats *first, const floats *second, words *target) {
  *target = (words)_mm512_cvtne2ps_pbh((__m512)*second, (__m512)*first);
}

HELPER void avx512_interleave(const words *even, const words *odd, void *target) {
  const words low = __builtin_shufflevector(
      *even, *odd, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45,
      14, 46, 15, 47);
  const words high = __builtin_shufflevector(
      *even, *odd, 16, 48, 17, 49, 18, 50, 19, 51, 20, 52, 21, 53, 22, 54, 23, 55, 24, 56, 25, 57, 26, 58, 27, 59, 28, 60,
      29, 61, 30, 62, 31, 63);
  STORE(low, target);
  STORE(high, (unsigned short *)target + 32);
}

HELPER void avx512_store_half(const floats *x, void *target) {
  const __m256i result = _mm512_cvtps_ph((__m512)*x, _MM_FROUND_TO_NEAREST_INT);
  STORE(result, target);
}

HELPER void avx512_load_half(floats *x, const void *source) {
  __m256i half;
  LOAD(half, source);
  *x = (floats)_mm512_cvtph_ps(half);
}

#define NAME(x) avx512_##x
#define OP(x) avx512_##x
#define ROWS 6
#define WIDE_ROWS 8
#include "bfloat16.inc"

#pragma clang attribute pop

// MARK: AMX-BF16

#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4,avx512bf16,amx-tile,amx-bf16"), min_vector_width(512))), apply_to = function)

#define NAME(x) amx_##x
#define BASE(x) avx512_##x
// Told anew by every call, which costs little beside its products, so that no thread has to be prepared.
#define TILES_CONFIGURE(shapes) _tile_loadconfig(&(shapes))
#define TILES_RELEASE() _tile_release()
#define TILE_LOAD(tile, source, stride) _tile_loadd(tile, source, stride)
#define TILE_STORE(tile, target, stride) _tile_stored(tile, target, stride)
#define TILE_DOT(c, a, b) _tile_dpbf16ps(c, a, b)
#include "tiles.inc"

#pragma clang attribute pop

// Asks the system for the tiles' registers, which a process gets on request only, for all its threads.
static int may_use_tiles(void) {
#if defined(__linux__)
  const long request = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request, tile_data) == 0;
#else
  return 0;
#endif
}

#endif

int ckernels_bfloat16_supported(int unit) {
  if (unit == ckernels_bfloat16_portable || unit == ckernels_bfloat16_model) return 1;
#if defined(__x86_64__)
  if (cprocessor_instruction_level() < 2 || !__builtin_cpu_supports("avx512bf16")) return 0;
  if (unit == ckernels_bfloat16_avx512) return 1;
  if (unit == ckernels_bfloat16_amx) return ckernels_has_amx() && may_use_tiles();
#endif
  return 0;
}

int ckernels_is_intel(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_is("intel") != 0;
#else
  return 0;
#endif
}

int ckernels_has_amx(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16");
#else
  return 0;
#endif
}

const ckernels_bfloat16 *ckernels_bfloat16_of_unit(int unit) {
  if (!ckernels_bfloat16_supported(unit)) return 0;
#if defined(__x86_64__)
  if (unit == ckernels_bfloat16_avx512) return &avx512_bfloat16;
  if (unit == ckernels_bfloat16_amx) return &amx_bfloat16;
#endif
  return unit == ckernels_bfloat16_model ? &model_bfloat16 : &portable_bfloat16;
}
