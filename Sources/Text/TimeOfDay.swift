// Times of day as people write them.

package enum TimeOfDay {
  /// `15:00` as minutes from midnight, `00:00` to `23:59`; nil where it is none.
  package static func minute(_ text: some StringProtocol) -> Int? {
    let clock = text.split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 2, clock.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let hour = Int(clock[0]), let minute = Int(clock[1]), hour < 24, minute < 60
    else { return nil }
    return hour * 60 + minute
  }
}
