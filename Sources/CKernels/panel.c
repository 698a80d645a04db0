// One source for three instruction sets; see panel.inc.
#include "ckernels.h"
#include "cprocessor.h"
#include "helpers.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// A product and a sum are one operation where the processor has it.
#pragma STDC FP_CONTRACT ON

#define NAME(x) baseline_##x
#define WIDTH 4
#define ROWS 3
#define WIDE_ROWS 4
#include "panel.inc"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define NAME(x) v3_##x
#define WIDTH 8
#define ROWS 3
#define WIDE_ROWS 4
#include "panel.inc"
#pragma clang attribute pop

// Left alone, the compiler would take vectors of half the width for this level.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define NAME(x) v4_##x
#define WIDTH 16
#define ROWS 6
#define WIDE_ROWS 8
#include "panel.inc"
#pragma clang attribute pop

#endif

const ckernels_panel *ckernels_panel_of_level(int level) {
#if defined(__x86_64__)
  const int most = cprocessor_instruction_level();
  if (level >= 2 && most >= 2) return &v4_panel;
  if (level >= 1 && most >= 1) return &v3_panel;
#endif
  return &baseline_panel;
}
