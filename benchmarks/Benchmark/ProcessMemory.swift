// How much memory the process holds and held.

import Glibc

enum ProcessMemory {
  /// What is resident now, in MiB; nil where the kernel does not tell.
  static var resident: Double? { field("VmRSS:") }

  /// The most that was resident since `forgetPeak`, in MiB.
  static var peak: Double? { field("VmHWM:") }

  /// From now on `peak` is that of what follows; false where the kernel does not allow it.
  static func forgetPeak() -> Bool {
    let file = open("/proc/self/clear_refs", O_WRONLY)
    guard file >= 0 else { return false }
    defer { close(file) }
    return write(file, "5", 1) == 1
  }

  private static func field(_ name: String) -> Double? {
    let line = Machine.lines(of: "/proc/self/status").first { $0.hasPrefix(name) }
    return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) }
      .map { $0 / 1024 }
  }
}
