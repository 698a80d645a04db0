// A function that may not survive, tried in a child process.
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ckernels.h"

int ckernels_signal_of_trial(void (*body)(void), int milliseconds) {
  const pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    // It ends without a core file, and without what others do when a program crashes.
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const int fatal[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGTRAP, SIGINT, SIGTERM};
    for (unsigned long i = 0; i < sizeof fatal / sizeof *fatal; i++) signal(fatal[i], SIG_DFL);
    body();
    _exit(0);
  }
  const struct timespec pause = {0, 200000};
  for (long waited = 0;; waited++) {
    int status = 0;
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (ended < 0 && errno != EINTR) return -1;
    if (waited >= 5L * milliseconds) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return SIGKILL;
    }
    nanosleep(&pause, 0);
  }
}
