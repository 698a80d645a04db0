// One value for every lane, in memory that a step reaches without the class around it.

/// A fixed array in its own memory. Hot loops take `base` out first and never touch the class again.
///
/// Sharing across threads is the caller's duty: tasks write disjoint lanes.
final class LaneArray<Element: Sendable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  init(repeating value: Element, count: Int) {
    precondition(count >= 0, "an array of \(count) values")
    self.count = count
    base = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
    base.initialize(repeating: value, count: count)
  }

  deinit {
    base.deinitialize(count: count)
    base.deallocate()
  }

  /// A copy, for snapshots.
  var array: [Element] { LaneWindow(self).array }

  /// Replaces the content. Traps if the lengths differ.
  func assign(_ values: some Collection<Element>) { LaneWindow(self).assign(values) }
}

/// A `LaneArray` as those see it who know that its owner lives: nobody counts who looks.
struct LaneWindow<Element: Sendable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  init(_ owner: LaneArray<Element>) { (base, count) = (owner.base, owner.count) }

  /// A copy, for snapshots.
  var array: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Replaces the content. Traps if the lengths differ.
  func assign(_ values: some Collection<Element>) {
    precondition(values.count == count, "assigning \(values.count) values to an array of \(count)")
    for (place, value) in values.enumerated() { base[place] = value }
  }
}

/// Values in order of arrival, one list a lane. A list keeps its memory when it is emptied, so that appending allocates only while
/// the longest list seen so far grows.
final class LaneLists<Element: Sendable>: @unchecked Sendable {
  private struct List {
    var base: UnsafeMutablePointer<Element>?
    var count = 0
    var capacity = 0
  }

  private let lists: UnsafeMutablePointer<List>
  let laneCount: Int

  init(laneCount: Int) {
    self.laneCount = laneCount
    lists = .allocate(capacity: max(laneCount, 1))
    lists.initialize(repeating: List(), count: laneCount)
  }

  deinit {
    for lane in 0..<laneCount {
      lists[lane].base?.deinitialize(count: lists[lane].count)
      lists[lane].base?.deallocate()
    }
    lists.deallocate()
  }

  /// Different lanes may append at the same time.
  func append(_ value: Element, lane: Int) {
    if lists[lane].count == lists[lane].capacity { grow(lane) }
    if let base = lists[lane].base { (base + lists[lane].count).initialize(to: value) }
    lists[lane].count += 1
  }

  /// The values of one lane.
  func values(lane: Int) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: lists[lane].base, count: lists[lane].count)
  }

  /// The values of one lane, which is empty then.
  func drain(lane: Int) -> [Element] {
    let drained = Array(values(lane: lane))
    removeAll(lane: lane)
    return drained
  }

  func removeAll(lane: Int) {
    lists[lane].base?.deinitialize(count: lists[lane].count)
    lists[lane].count = 0
  }

  func removeAll() {
    for lane in 0..<laneCount { removeAll(lane: lane) }
  }

  private func grow(_ lane: Int) {
    let capacity = max(8, lists[lane].capacity * 2)
    let base = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
    if let old = lists[lane].base {
      base.moveInitialize(from: old, count: lists[lane].count)
      old.deallocate()
    }
    lists[lane].base = base
    lists[lane].capacity = capacity
  }
}
