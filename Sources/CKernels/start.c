// What must be settled before the first library of a program begins.
#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)

// Of a program that multiplies; elsewhere nothing is there.
extern char *openblas_get_config(void) __attribute__((weak));

static const char variable[] = "OPENBLAS_NUM_THREADS=1";

// OpenBLAS starts a thread for each processor as it is loaded, and ends the process where it may not. None of them is ever used: our own workers
// share the work out. It looks at nothing but the environment, so a program that was started without the variable starts itself again with it.
static void ask_for_one_thread(int argc, char **argv, char **environment) {
  if (!openblas_get_config || argc < 1) return;
  long count = 0;
  for (; environment[count]; count++) {
    if (!strncmp(environment[count], variable, sizeof variable - 2)) return;
  }
  const ElfW(auxv_t) *facts = (const ElfW(auxv_t) *)(environment + count + 1);
  unsigned long interpreter = 0;
  for (; facts->a_type != AT_NULL; facts++) {
    if (facts->a_type == AT_BASE) interpreter = facts->a_un.a_val;
  }
  // Started by name through the loader, "this program" would be the loader.
  if (!interpreter) return;
  char path[4096];
  const long length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  char *with[count + 2];
  memcpy(with, environment, count * sizeof *with);
  with[count] = (char *)variable;
  with[count + 1] = 0;
  // Where that fails, everything goes on as it was.
  execve(path, argv, with);
}

__attribute__((section(".preinit_array"), used)) static void (*const start)(int, char **, char **) = ask_for_one_thread;

#endif
