// Stands in front of the C library's allocator: a program's own definition of malloc is used by every library that it loads.
#define _GNU_SOURCE
#include "callocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long taken;
static atomic_long returned;

long callocations_taken(void) { return atomic_load(&taken); }

long callocations_returned(void) { return atomic_load(&returned); }

void callocations_allocate_once(void) {
  // Volatile, so that the compiler may not leave out memory that nobody needs.
  void *volatile memory = malloc(64);
  free(memory);
}

// A sanitizer brings its own allocator and must stay in front; then nothing is counted, and the control shows it.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CALLOCATIONS_OFF
#endif
#endif

#if defined(__GLIBC__) && !defined(CALLOCATIONS_OFF)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static void count(void) { atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed); }

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  int before = errno;
  void *found = memalign(alignment, size);
  errno = before;
  if (found == NULL) return ENOMEM;
  *memory = found;
  return 0;
}

void *valloc(size_t size) { return memalign((size_t)sysconf(_SC_PAGESIZE), size); }

void *pvalloc(size_t size) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (size > SIZE_MAX - page) {
    errno = ENOMEM;
    return NULL;
  }
  return memalign(page, (size + page - 1) / page * page);
}

void free(void *memory) {
  if (memory != NULL) atomic_fetch_add_explicit(&returned, 1, memory_order_relaxed);
  __libc_free(memory);
}

#endif
