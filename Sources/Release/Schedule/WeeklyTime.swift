// A time of the week at a place, and the moments that it means.

private import Storage
package import Text
package import Training

/// For example Sunday 18:00 in New York: one moment every week, however clocks are set there.
///
/// A time that clocks are set over is taken as if they had not been set yet: it comes, that week, as much later on the clock. A time that they show twice
/// is its first showing. So it comes every week, and never twice.
package struct WeeklyTime: Sendable, Equatable, CustomStringConvertible {
  package static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let day: Int64 = 86_400

  /// 1 Monday to 7 Sunday.
  package let weekday: Int
  package let hour: Int
  package let minute: Int
  /// As the time zone database names it.
  package let zone: String
  private let rules: TimeZoneRules

  package var clock: String { "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)" }
  package var description: String { "\(WeeklyTime.weekdays[weekday - 1]) \(clock) \(zone)" }

  /// Between one and three o'clock clocks are set in most places: then it may come at another hour.
  package var warning: String? {
    (1..<3).contains(hour) || hour == 3 && minute == 0
      ? "\(clock) lies where clocks are set in most places: twice a year it may come at another hour; take a time outside of 01:00 to 03:00"
      : nil
  }

  /// Reads `Sun 18:00 America/New_York`, the zone below a folder of the time zone database.
  package init(_ text: String, database: String = "/usr/share/zoneinfo") throws(TrainingError) {
    let words = text.split(separator: " ").map(String.init)
    func refuse(_ reason: String) -> TrainingError {
      .refused("'\(PrintableText.name(text))' is no time of the week: \(reason)")
    }
    guard words.count == 3 else {
      throw refuse("write weekday, time and zone, for example 'Sun 18:00 America/New_York'")
    }
    guard let weekday = WeeklyTime.weekdays.firstIndex(of: words[0]) else {
      throw refuse("the weekday must be one of \(WeeklyTime.weekdays.joined(separator: ", "))")
    }
    let parts = words[1].split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
      let minute = Int(parts[1]),
      (0..<24).contains(hour), (0..<60).contains(minute)
    else { throw refuse("the time must be like 18:00") }
    let zone = words[2]
    guard
      zone.utf8.allSatisfy({ byte in
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || [0x2F, 0x5F, 0x2D, 0x2B].contains(byte)
      }), !zone.hasPrefix("/"), let bytes = try? FileSystem.read(FileSystem.join(database, zone), limitBytes: 1 << 20),
      let rules = TimeZoneRules(bytes)
    else {
      throw refuse("\(database) knows no zone \(PrintableText.name(zone)); write for example America/New_York or UTC")
    }
    self.weekday = weekday + 1
    self.hour = hour
    self.minute = minute
    self.zone = zone
    self.rules = rules
  }

  /// The first moment behind another, in seconds since 1970.
  package func next(after moment: Int64) -> Int64 {
    let local = moment + Int64(rules.offset(at: moment))
    // A day before, so that no offset hides this week's.
    var day = (local - WeeklyTime.day) / WeeklyTime.day
    while true {
      // 1970-01-01 was a Thursday.
      if Int(((day + 3) % 7 + 7) % 7) + 1 == weekday {
        let time = self.moment(onDay: day)
        if time > moment { return time }
      }
      day += 1
    }
  }

  private func moment(onDay day: Int64) -> Int64 {
    let local = day * WeeklyTime.day + Int64(hour * 3600 + minute * 60)
    return rules.moments(ofLocal: local).first ?? local - Int64(rules.offset(at: local - WeeklyTime.day))
  }

  /// The seconds east of UTC that this time has over the weeks of two years from a moment on, ascending.
  func offsets(from moment: Int64) -> [Int] {
    var (offsets, time): (Set<Int>, Int64) = ([], moment)
    for _ in 0..<104 {
      time = next(after: time)
      offsets.insert(rules.offset(at: time))
    }
    return offsets.sorted()
  }
}
