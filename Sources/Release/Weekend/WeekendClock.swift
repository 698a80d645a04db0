// The clocks that a weekend looks at: what time it is, and how much of it has gone by.

private import Glibc
private import Storage
private import Text

/// What time it is, which people, NTP and the law may set, and how long the machine has been up, which nobody sets and which goes on while it sleeps.
package struct WeekendClock: Sendable {
  /// Seconds since 1970.
  package var now: @Sendable () -> Int64
  /// Seconds since the machine's start.
  package var secondsUp: @Sendable () -> Double
  /// Which start of the machine that is; empty where it has no name.
  package var bootName: @Sendable () -> String

  package init(
    now: @escaping @Sendable () -> Int64, secondsUp: @escaping @Sendable () -> Double,
    bootName: @escaping @Sendable () -> String
  ) {
    (self.now, self.secondsUp, self.bootName) = (now, secondsUp, bootName)
  }

  /// This machine's.
  package static let machine = WeekendClock(
    now: { UTCTime.secondsSinceEpoch() },
    secondsUp: {
      var time = timespec()
      clock_gettime(CLOCK_BOOTTIME, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    },
    bootName: {
      let bytes = try? FileSystem.read("/proc/sys/kernel/random/boot_id", limitBytes: 4096)
      return bytes.map { String(decoding: $0, as: UTF8.self).filter { $0 != "\n" } } ?? ""
    })
}
