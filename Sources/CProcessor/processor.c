#include "cprocessor.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int cprocessor_instruction_limit(void) {
  static const char *const names[] = {"baseline", "v3", "v4"};
  const char *limit = getenv("STRIKEFORGE_INSTRUCTION_SET");
  if (!limit || !*limit) return 2;
  for (int level = 0; level <= 2; level++) {
    if (!strcmp(limit, names[level])) return level;
  }
  return -1;
}

static int find_level(void) {
  const int limit = cprocessor_instruction_limit();
  int level = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  level = __builtin_cpu_supports("x86-64-v4") ? 2 : __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
#endif
  return limit >= 0 && limit < level ? limit : level;
}

int cprocessor_instruction_level(void) {
  // What the first call finds stays: a level that changed within a run would change its bits.
  static atomic_int settled = -1;
  int level = atomic_load_explicit(&settled, memory_order_relaxed);
  if (level >= 0) return level;
  const int found = find_level();
  return atomic_compare_exchange_strong(&settled, &level, found) ? found : level;
}
