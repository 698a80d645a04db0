// How lanes are shared out over the workers.

enum LaneSlices {
  /// Neighbouring lanes whose step is computed at once: 64, or a quarter of fewer lanes, but never below 8.
  static func cut(_ laneCount: Int) -> [Range<Int>] {
    let width = min(max(8, min(64, (laneCount + 3) / 4)), laneCount)
    return stride(from: 0, to: laneCount, by: width).map { $0..<min($0 + width, laneCount) }
  }
}
