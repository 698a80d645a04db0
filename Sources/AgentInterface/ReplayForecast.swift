// Which transitions a learner will draw, as far as chance and counting decide it.

package import Kernels

/// One of a store's transitions.
package struct ReplayDraw: Sendable, Equatable {
  package let row: Int
  package let lane: Int

  package init(row: Int, lane: Int) {
    self.row = row
    self.lane = lane
  }

  /// Draws a row of `count` and a lane, each as likely as any other.
  package init(_ random: inout RandomStream, count: Int, laneCount: Int) {
    row = Int(random.nextInteger(below: UInt64(count)))
    lane = Int(random.nextInteger(below: UInt64(laneCount)))
  }
}

/// The draws of a learner that draws uniformly and learns at a steady pace, from an update on: nothing that is learned changes them.
package struct ReplayForecast: Sendable {
  private var random: RandomStream
  private let capacity: Int
  private let laneCount: Int
  private var count: Int
  private let drawsPerUpdate: Int
  private let rowsPerUpdate: Int
  private var drawsLeft: Int
  /// Rows that will have been appended, since the forecast began, when the last draw that was foretold is made.
  package private(set) var rowsAhead = 0

  /// Begins with the first draw of an update. `random`: where the learner's stream is. `rowsPerUpdate`: appended between two updates.
  package init(random: RandomStream, store: any TransitionStore, drawsPerUpdate: Int, rowsPerUpdate: Int) {
    precondition(
      store.count > 0 && drawsPerUpdate >= 1 && rowsPerUpdate >= 1,
      "\(drawsPerUpdate) draws an update, \(rowsPerUpdate) rows between two, \(store.count) rows")
    self.random = random
    (capacity, laneCount, count) = (store.capacity, store.laneCount, store.count)
    self.drawsPerUpdate = drawsPerUpdate
    self.rowsPerUpdate = rowsPerUpdate
    drawsLeft = drawsPerUpdate
  }

  /// The next draw; afterwards `rowsAhead` tells when it is made.
  package mutating func next() -> ReplayDraw {
    if drawsLeft == 0 {
      drawsLeft = drawsPerUpdate
      rowsAhead += rowsPerUpdate
      count = min(count + rowsPerUpdate, capacity)
    }
    drawsLeft -= 1
    return ReplayDraw(&random, count: count, laneCount: laneCount)
  }
}
