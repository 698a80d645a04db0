// What a process costs, however many others share its cores.

import Glibc

enum ProcessorTime {
  /// Of all threads of this process since it began, in seconds.
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
