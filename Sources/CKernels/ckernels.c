#define _GNU_SOURCE
#include "ckernels.h"

#include <sched.h>

int ckernels_available_processors(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
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

void ckernels_prefetch(const void *array, long stride, const int *places, long count) {
  for (long i = 0; i < count; i++) {
    if (places[i] < 0) continue;
    const char *element = (const char *)array + places[i] * stride;
    __builtin_prefetch(element);
    // Elements of more than a line lie in two or three.
    for (long byte = 64; byte < stride + 63; byte += 64) __builtin_prefetch(element + (byte < stride ? byte : stride - 1));
  }
}

void ckernels_prefetch_lines(const void *const *addresses, long count) {
  for (long i = 0; i < count; i++) __builtin_prefetch(addresses[i]);
}
