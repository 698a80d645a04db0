// Macros that the C loops share, of this room and of CPairRules. Private: Swift does not see them.
#pragma once

#include "cprocessor.h"

#define HELPER static inline __attribute__((always_inline))

// A loop that is compiled for each level of the processor. The first call finds the level that may be used, so that a limit holds as for the fused
// kernels. What declares it, and its arguments by name, stand before its body: FOR_EACH_INSTRUCTION_SET(void, name, (long count), (count)) {...}
#if defined(__x86_64__)
#define OF_V3 __attribute__((target("arch=x86-64-v3")))
// Left alone, the compiler would take vectors of half the width for this level.
#define OF_V4 __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define FOR_EACH_INSTRUCTION_SET(result, name, parameters, arguments)                  \
  HELPER result name##_body parameters;                                               \
  static result name##_baseline parameters { return name##_body arguments; }          \
  OF_V3 static result name##_v3 parameters { return name##_body arguments; }          \
  OF_V4 static result name##_v4 parameters { return name##_body arguments; }          \
  CHOOSE(result, name, parameters, arguments, level >= 2 ? name##_v4 : level == 1 ? name##_v3 : name##_baseline) \
  HELPER result name##_body parameters
// Several threads may choose at once; they choose the same.
#define CHOOSE(result, name, parameters, arguments, choice)                            \
  static result name##_first parameters;                                              \
  static result(*name##_chosen) parameters = name##_first;                            \
  static result name##_first parameters {                                             \
    const int level = cprocessor_instruction_level();                                 \
    result(*const chosen) parameters = choice;                                        \
    __atomic_store_n(&name##_chosen, chosen, __ATOMIC_RELAXED);                        \
    return chosen arguments;                                                          \
  }                                                                                   \
  result name parameters { return __atomic_load_n(&name##_chosen, __ATOMIC_RELAXED) arguments; }
#else
#define FOR_EACH_INSTRUCTION_SET(result, name, parameters, arguments) result name parameters
#endif

// Macros where a function would pass vectors, whose passing differs between instruction sets.
#define LOAD(target, source) __builtin_memcpy(&(target), (source), sizeof(target))
#define STORE(value, target) __builtin_memcpy((target), &(value), sizeof(value))

#define UNROLLED _Pragma("clang loop unroll(full)")

// Expands the numbers before the macro pastes them into a name.
#define WITH(macro, ...) macro(__VA_ARGS__)
