// Small replay files and what is written to them.

import AgentInterface
import Algorithms
import Glibc
import Inference
import Kernels
import Networks
import TestSupport
import Testing

@testable import Storage

/// Random rows, written to any number of stores alike.
struct RandomRows {
  let world: RandomEpisodes
  let rollout: Rollout
  private var random = RandomStream(seed: 8, purpose: .mutation)

  init(laneCount: Int, columns: Int, actions: Int) {
    world = RandomEpisodes(laneCount: laneCount, columns: columns, actions: actions)
    rollout = Rollout(horizon: 1, laneCount: laneCount, observationCount: columns, keepsEveryFinal: true)
    world.reset(seed: 3, into: rollout.resetBuffers)
  }

  mutating func append(_ count: Int, to stores: [any TransitionStore]) {
    let (lanes, columns) = (world.laneCount, world.observationSpace.count)
    for _ in 0..<count {
      for lane in 0..<lanes {
        rollout.actions[lane] = ActionNumber(random.nextInteger(below: UInt64(world.actionSpace.count)))
      }
      world.step(rollout.actions(at: 0), lanes: 0..<lanes, into: rollout.stepBuffers(at: 0))
      for store in stores { store.append(rollout.transitions(at: 0)) }
      rollout.observations.update(from: rollout.observations + lanes * columns, count: lanes * columns)
    }
  }
}

/// Everything that a store says of one transition.
struct Answer: Equatable {
  var numbers: [UInt32]

  init(_ store: any TransitionStore, row: Int, lane: Int) {
    var values = [Float](repeating: 0, count: 2 * store.columns)
    values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      store.copyObservation(row: row, lane: lane, to: base)
      store.copyNextObservation(row: row, lane: lane, to: base + store.columns)
    }
    numbers =
      (values + [store.reward(row: row, lane: lane)]).map(\.bitPattern) + [
        UInt32(store.action(row: row, lane: lane)), UInt32(store.end(row: row, lane: lane).rawValue),
        UInt32(truncatingIfNeeded: store.nextMask(row: row, lane: lane).rawValue),
      ]
  }
}

/// A small store: 20 lanes, so 205 rows a block.
func replayShape(
  capacity: Int = 4000, columns: Int = 3, actions: Int = 5, masks: Bool = true, precision: ReplayPrecision = .float32,
  spare: Int = 500
) -> ReplayShape {
  ReplayShape(
    record: ReplayRecord(columns: columns, actionCount: actions, keepsMasks: masks, precision: precision),
    laneCount: 20, capacity: capacity, spareRows: spare, totalRows: 100_000)
}

func replayUse(_ mebibytes: Double = 0, draws: Int = 64, steps: Int = 1, isPrioritized: Bool = false) -> ReplayUse {
  ReplayUse(
    drawsPerUpdate: draws, rowsPerUpdate: 4, steps: steps, isPrioritized: isPrioritized,
    memoryBytes: Int(mebibytes * 0x1p20))
}
