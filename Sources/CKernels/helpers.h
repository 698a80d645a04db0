// Macros that the C loops share, of this room and of CPairRules. Private: Swift does not see them.
#pragma once

#define HELPER static inline __attribute__((always_inline))

// A function is compiled for each level of the processor and chosen as the program is loaded.
#if defined(__x86_64__)
#define FOR_EACH_INSTRUCTION_SET __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
// For loops over vectors of eight floats, which fill the registers of the third level.
#define FOR_BASELINE_AND_V3 __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define FOR_EACH_INSTRUCTION_SET
#define FOR_BASELINE_AND_V3
#endif

// Macros where a function would pass vectors, whose passing differs between instruction sets.
#define LOAD(target, source) __builtin_memcpy(&(target), (source), sizeof(target))
#define STORE(value, target) __builtin_memcpy((target), &(value), sizeof(value))

#define UNROLLED _Pragma("clang loop unroll(full)")

// Expands the numbers before the macro pastes them into a name.
#define WITH(macro, ...) macro(__VA_ARGS__)
