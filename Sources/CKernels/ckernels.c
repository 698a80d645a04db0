#define _GNU_SOURCE
#include "ckernels.h"

#include <sched.h>

int ckernels_available_processors(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

int ckernels_has_avx512(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return 0;
#endif
}

// A Swift function takes a closure as two arguments and hands the second back to it as its context.
typedef __attribute__((swiftcall)) void (*body_function)(long, long, __attribute__((swift_context)) void *);

__attribute__((swiftcall)) void ckernels_lend_closure(
    void *function, void *context, void *receiver, void (*use)(void *receiver, const ckernels_closure *closure)) {
  const ckernels_closure closure = {function, context};
  use(receiver, &closure);
}

void ckernels_call_closure(const ckernels_closure *closure, long task, long worker) {
  ((body_function)closure->function)(task, worker, closure->context);
}
