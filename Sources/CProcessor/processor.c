#include "cprocessor.h"

#include <pthread.h>
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

static int level_here;

static void find_level(void) {
  const int limit = cprocessor_instruction_limit();
  int level = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  level = __builtin_cpu_supports("x86-64-v4") ? 2 : __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
#endif
  level_here = limit >= 0 && limit < level ? limit : level;
}

int cprocessor_instruction_level(void) {
  // Once: a level that changed within a run would change its bits.
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_level);
  return level_here;
}
