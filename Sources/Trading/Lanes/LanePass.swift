// How a pass over many lanes walks them: accounts of lanes lie far apart in memory, and a pass that waited for each would wait most of its time.

import Kernels

/// Lanes in blocks. Before a block is worked on, the lines of memory that the next one will meet are asked for.
enum LanePass {
  static let block = Prefetch.distance
  /// Lines of one lane, at most: the addresses of a block stand on the stack, which holds a kilobyte of them.
  static let mostLines = 4

  /// Works on `lanes`, block after block.
  ///
  /// lines: writes the addresses that a lane's work begins with, and returns how many they are, at most `mostLines`. They need not be of anything.
  /// work: some lanes, in order; together all of them, each once.
  @inline(__always)
  static func walk(
    _ lanes: Range<Int>, lines: (Int, UnsafeMutablePointer<UnsafeRawPointer?>) -> Int, work: (Range<Int>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: block * mostLines) { addresses in
      guard let start = addresses.baseAddress else { preconditionFailure("memory of \(block * mostLines) addresses") }
      var asked = lanes.lowerBound..<lanes.lowerBound
      func ask() {
        asked = asked.upperBound..<min(asked.upperBound + block, lanes.upperBound)
        var count = 0
        for lane in asked { count += lines(lane, start + count) }
        Prefetch.lines(UnsafeBufferPointer(start: start, count: count))
      }
      ask()
      while !asked.isEmpty {
        let ready = asked
        ask()
        work(ready)
      }
    }
  }
}
