// Volumes in one unit where their vendor changes it: what an order's share of a market is measured by.

/// The unit that volumes are counted in, session by session, against the smallest that was met so far.
///
/// A unit changes as the quality gate has it (`VolumeLevels`): the median of five sessions' levels is 15 times that of the twenty before, or a fifteenth; a
/// session's level is the median of its volumes. The change is then that of the levels on both sides of the largest step. Nobody can say which of two units
/// is the right one: volumes are brought to the smaller, in which an order is the larger share and its impact the dearer. It is made of sessions that are over,
/// so that a rise is known from its third session on; until then volumes stand as they were delivered.
package struct VolumeUnit: Sendable {
  private static let (before, after) = (VolumeLevels.sessionsBefore, VolumeLevels.sessionsAfter)
  private static let possible = 1e-100...1e100

  /// Of the newest sessions, oldest first, in the unit of the newest.
  private var levels: [Double] = []
  private var unit = 1.0
  private var smallest = 1.0

  package init() {}

  /// What the volumes of the session that comes are multiplied by: at most 1.
  package var scale: Double { smallest / unit }

  /// A session is over. Volumes that are none are not counted; one without any is no session.
  package mutating func end(_ volumes: ArraySlice<Double>) {
    var possible = volumes.filter { $0 >= 0 && $0.isFinite }
    guard let level = Median.of(&possible) else { return }
    levels.append(level)
    if levels.count > VolumeUnit.before + VolumeUnit.after { levels.removeFirst() }
    guard levels.count == VolumeUnit.before + VolumeUnit.after else { return }
    guard isChange(median(0..<VolumeUnit.before), median(VolumeUnit.before..<levels.count)) else { return }
    func step(_ place: Int) -> Double {
      let ratio = levels[place] / max(levels[place - 1], .leastNormalMagnitude)
      return max(ratio, 1 / max(ratio, .leastNormalMagnitude))
    }
    guard let place = (VolumeUnit.before..<levels.count).max(by: { step($0) < step($1) }) else { return }
    let (old, new) = (median(0..<place), median(place..<levels.count))
    let changed = unit * (new / old)
    // Volumes that no market has must not make a scale of nothing.
    guard isChange(old, new), VolumeUnit.possible.contains(changed) else { return }
    for earlier in 0..<place { levels[earlier] *= new / old }
    unit = changed
    smallest = min(smallest, unit)
  }

  private func median(_ range: Range<Int>) -> Double {
    var some = Array(levels[range])
    return Median.of(&some) ?? 0
  }

  private func isChange(_ old: Double, _ new: Double) -> Bool {
    guard old > 0, new > 0 else { return false }
    let ratio = new / old
    return ratio.isFinite && (ratio >= VolumeLevels.breakRatio || ratio <= 1 / VolumeLevels.breakRatio)
  }
}

extension MarketTape {
  /// (B) the volumes of one symbol in the smallest unit that was met up to each session (`VolumeUnit`): as they are where the unit never changes.
  package func volumeInOneUnit(symbol: Int) -> [Double] {
    var unit = VolumeUnit()
    var values: [Double] = []
    values.reserveCapacity(barCount)
    for bars in sessions {
      let scale = unit.scale
      for bar in bars { values.append(volume[symbol][bar] * scale) }
      unit.end(volume[symbol][bars])
    }
    return values
  }
}
