// The replay memory: what is kept, what a return over several steps is, and how priorities draw.

import AgentInterface
import Algorithms
import Glibc
import Kernels
import Testing

/// One step of one lane: its reward, how it ended, and what it led to.
private struct HandStep {
  var reward: Float
  var end = TransitionEnd.none
}

/// A memory of one column in which observation k leads to observation k + 1, or to 100 + k where the episode was cut.
private func store(_ lanes: [[HandStep]], capacity: Int) -> MemoryTransitionStore {
  let count = lanes.count
  let store = MemoryTransitionStore(
    transitions: capacity * count, laneCount: count, columns: 1, actionCount: 3, keepsMasks: true)
  for step in lanes[0].indices {
    var observations = lanes.indices.map { Float(1000 * $0 + step) }
    var next = observations.map { $0 + 1 }
    var final = observations.map { $0 + 100 }
    var rewards = lanes.map { $0[step].reward }
    var actions = lanes.indices.map { Int32((step + $0) % 3) }
    var terminated = lanes.map { $0[step].end == .terminated ? UInt8(1) : 0 }
    var truncated = lanes.map { $0[step].end == .truncated ? UInt8(1) : 0 }
    let masks = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * count)
    masks.initialize(repeating: 0b011, count: count)
    (masks + count).initialize(repeating: 0b100, count: count)
    defer { masks.deallocate() }
    store.append(
      TransitionRow(
        observations: &observations, actions: &actions, rewards: &rewards, terminated: &terminated,
        truncated: &truncated, nextObservations: &next, nextMasks: MaskRows(masks), finalObservations: &final,
        finalMasks: MaskRows(masks + count)))
  }
  return store
}

private func next(_ store: MemoryTransitionStore, _ row: Int, _ lane: Int) -> Float {
  var value: Float = 0
  store.copyNextObservation(row: row, lane: lane, to: &value)
  return value
}

@Suite struct ReplayTests {
  @Test func `what an episode was cut in comes after it, and its mask with it`() {
    let store = store(
      [[.init(reward: 1), .init(reward: 2, end: .truncated), .init(reward: 3, end: .terminated), .init(reward: 4)]],
      capacity: 8)
    #expect(store.count == 4 && store.head == 4 && store.newest == 3)
    #expect((0..<4).map { next(store, $0, 0) } == [1, 101, 3, 4])
    #expect((0..<4).map { store.nextMask(row: $0, lane: 0).rawValue } == [0b011, 0b100, 0b011, 0b011])
    #expect((0..<4).map { store.end(row: $0, lane: 0) } == [.none, .truncated, .terminated, .none])
    #expect((0..<4).map { store.action(row: $0, lane: 0) } == [0, 1, 2, 0])
  }

  /// gamma 1/2, three steps; the numbers are worked out by hand.
  @Test func `returns stop at ends, at the newest row and nowhere else`() {
    let lanes: [[HandStep]] = [
      [.init(reward: 8), .init(reward: 4), .init(reward: 2), .init(reward: 16, end: .terminated), .init(reward: 32)],
      [.init(reward: 1), .init(reward: 2, end: .truncated), .init(reward: 64), .init(reward: 8), .init(reward: 4)],
    ]
    let store = store(lanes, capacity: 8)
    func value(_ row: Int, _ lane: Int, steps: Int = 3) -> [Float] {
      let found = NStepReturn(store, row: row, lane: lane, steps: steps, gamma: 0.5)
      return [found.reward, found.discount, Float(found.lastRow)]
    }
    #expect(value(0, 0) == [8 + 2 + 0.5, 0.125, 2])
    // Terminated: nothing comes after it.
    #expect(value(1, 0) == [4 + 1 + 4, 0, 3])
    #expect(value(3, 0) == [16, 0, 3])
    // Truncated: goes on from what the episode was cut in, after two steps.
    #expect(value(0, 1) == [1 + 1, 0.25, 1])
    #expect(next(store, 1, 1) == 1101)
    // The newest row: goes on from what it led to.
    #expect(value(3, 1) == [8 + 2, 0.25, 4] && value(4, 1) == [4, 0.5, 4])
    #expect(value(0, 0, steps: 1) == [8, 0.5, 0])
    // Rewards are scaled before they are discounted and added.
    let scaled = NStepReturn(store, row: 0, lane: 0, steps: 2, gamma: 0.5) { min($0, 5) }
    #expect(scaled.reward == 5 + 2)
  }

  @Test func `returns go around the ring's end but never past the newest row`() {
    // Seven rows in room for five: rows 0 and 1 hold steps 5 and 6, the newest is row 1.
    let store = store([(0..<7).map { HandStep(reward: Float(1 << $0)) }], capacity: 5)
    #expect(store.count == 5 && store.head == 2 && store.newest == 1)
    #expect((0..<5).map { store.reward(row: $0, lane: 0) } == [32, 64, 4, 8, 16])
    let around = NStepReturn(store, row: 4, lane: 0, steps: 3, gamma: 0.5)
    #expect(around.reward == 16 + 16 + 16 && around.discount == 0.125 && around.lastRow == 1)
    let cut = NStepReturn(store, row: 0, lane: 0, steps: 3, gamma: 0.5)
    #expect(cut.reward == 32 + 32 && cut.discount == 0.25 && cut.lastRow == 1)
    #expect(next(store, cut.lastRow, 0) == 7)
  }

  @Test func `a saved memory comes back and goes on alike`() throws {
    let steps = (0..<9).map { HandStep(reward: Float($0), end: $0 % 4 == 3 ? .truncated : .none) }
    for made in [3, 5, 7, 9] {
      let whole = store([Array(steps.prefix(made)), Array(steps.prefix(made))], capacity: 5)
      let again = store([[HandStep(reward: 99)], [HandStep(reward: 99)]], capacity: 5)
      try again.restore(whole.snapshot())
      #expect(again.snapshot() == whole.snapshot() && again.head == whole.head && again.count == whole.count)
    }
    let state = store([steps], capacity: 5).snapshot()
    for (name, change) in [
      ("an action beyond the space", { $0.integers["steps"]?[2] = 3 }),
      ("an unknown end", { $0.integers["steps"]?[2] = 3 << 8 }),
      ("no legal action", { $0.integers["next_masks"]?[0] = 0 }), ("a head outside", { $0.integers["head"] = [5] }),
      ("not finite", { $0.floats["rewards"]?[1] = .nan }),
      ("not finite", { $0.floats["observations"]?[1] = .infinity }),
      ("too short", { $0.floats["next_observations"]?.removeLast() }),
      ("too long", { $0.floats["rewards"]?.append(1) }),
    ] as [(String, (inout StateRecord) -> Void)] {
      var damaged = state
      change(&damaged)
      let other = store([steps], capacity: 5)
      #expect(throws: RestoreError.self, "\(name)") { try other.restore(damaged) }
    }
  }

  /// Against a plain sum over all priorities.
  /// Only drawing otherwise than was foretold ends a forecast; what is read is the same in either case.
  @Test func `a memory follows a forecast for as long as it holds`() {
    let store = store([[HandStep]](repeating: (0..<6).map { .init(reward: Float($0)) }, count: 2), capacity: 8)
    var random = RandomStream(seed: 9, purpose: .replaySampling)
    #expect(store.wantsForecast)
    store.follow(ReplayForecast(random: random, store: store, drawsPerUpdate: 5, rowsPerUpdate: 1))
    #expect(!store.wantsForecast)
    for _ in 0..<3 {
      let draws = (0..<5).map { _ in ReplayDraw(&random, count: store.count, laneCount: 2) }
      store.fetch(rows: draws.map(\.row), lanes: draws.map(\.lane), steps: 1)
      for draw in draws {
        #expect(store.reward(row: draw.row, lane: draw.lane) == Float(draw.row))
        #expect(next(store, draw.row, draw.lane) == Float(1000 * draw.lane + draw.row + 1))
      }
      store.lookAhead()
      // Nothing was appended, so that the second update does not draw from as many rows as was foretold.
      if store.wantsForecast { break }
    }
    store.fetch(rows: [5, 4, 3, 2, 1], lanes: [0, 0, 0, 0, 0], steps: 1)
    #expect(store.wantsForecast)
    #expect(next(store, 5, 0) == 6)
  }

  @Test(arguments: [1, 2, 3, 7, 64, 100]) func `a tree of sums draws as a list does`(count: Int) {
    var random = RandomStream(seed: 3, purpose: .replaySampling)
    var tree = SumTree(count: count)
    var list = [Double](repeating: 0, count: count)
    for round in 0..<300 {
      let index = Int(random.nextInteger(below: UInt64(count)))
      // Whole numbers: both sums are exact. Some priorities fall back to 0.
      list[index] = round > count && random.nextInteger(below: 4) == 0 ? 0 : Double(random.nextInteger(below: 50))
      tree[index] = list[index]
      let total = list.reduce(0, +)
      #expect(tree.total == total && tree[index] == list[index])
      guard total > 0 else { continue }
      let mass = (random.nextDouble() * total).rounded(.down)
      var (expected, before) = (0, 0.0)
      while before + list[expected] <= mass {
        before += list[expected]
        expected += 1
      }
      #expect(tree.index(at: mass) == expected)
    }
  }

  /// p = (|error| + 1e-6)^a, P = p / sum p, w = (n P)^-b / largest w; a new transition gets the largest error there was.
  @Test func `priorities and weights follow the formulas`() {
    let store = store([(0..<6).map { HandStep(reward: Float($0)) }], capacity: 8)
    var settings = PrioritySettings()
    (settings.exponent, settings.correction) = (0.7, 0.4)
    var sampler = ReplaySampler(batchSize: 6, store: store, priorities: settings)
    for row in 0..<6 { sampler.noteAppended(row: row) }
    var random = RandomStream(seed: 5, purpose: .replaySampling)
    sampler.draw(store, random: &random, progressRemaining: 1)
    // All alike at first: one of each sixth is each transition once, and weights are 1.
    #expect(sampler.rows == [0, 1, 2, 3, 4, 5] && sampler.weights.allSatisfy { abs($0 - 1) < 1e-6 })
    let errors: [Float] = [0.1, -2, 0, 0.5, 4, 1]
    sampler.noteErrors(errors)
    let priorities = errors.map { pow(abs(Double($0)) + 1e-6, 0.7) }
    let total = priorities.reduce(0, +)
    var counts = [Int](repeating: 0, count: 6)
    let rounds = 4000
    for _ in 0..<rounds {
      sampler.draw(store, random: &random, progressRemaining: 0.25)
      let beta = 1 - 0.6 * 0.25
      let plain = sampler.rows.map { pow(6 * priorities[$0] / total, -beta) }
      let heaviest = plain.max() ?? 1
      for (weight, expected) in zip(sampler.weights, plain) {
        #expect(abs(Double(weight) - expected / heaviest) < 1e-6 * max(1, expected / heaviest))
      }
      for row in sampler.rows { counts[row] += 1 }
    }
    for (row, count) in counts.enumerated() {
      let expected = Double(6 * rounds) * priorities[row] / total
      // Six standard deviations of as many independent draws; drawing in shares varies less.
      #expect(abs(Double(count) - expected) <= 6 * expected.squareRoot() + 1, "row \(row): \(count), \(expected)")
    }
    // The next transition is as urgent as the most surprising one so far.
    sampler.noteAppended(row: 2)
    let before = priorities[2]
    let urgent = pow(4 + 1e-6, 0.7)
    #expect(before < 1e-3 && abs((sampler.priority(row: 2, lane: 0) ?? 0) - urgent) < 1e-12)
  }
}
