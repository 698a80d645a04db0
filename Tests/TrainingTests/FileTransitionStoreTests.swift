// A replay memory in a file answers as one in memory does, to the bit, before and after a stop.

import AgentInterface
import Algorithms
import Glibc
import Inference
import Kernels
import Networks
import TestSupport
import Testing

@testable import Storage

@Suite struct FileTransitionStoreTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var actions = 5
    var masks = true
    var precision = ReplayPrecision.float32
    var capacity = 4000
    var mebibytes = 0.0
  }

  static let cases = [
    Case(testDescription: "no memory at all"),
    Case(testDescription: "a third in memory", mebibytes: 1),
    Case(testDescription: "all in memory", mebibytes: 100),
    Case(testDescription: "no masks", masks: false),
    Case(testDescription: "40 actions, float16", actions: 40, precision: .float16, mebibytes: 0.5),
    Case(testDescription: "less than a block", actions: 12, capacity: 37),
  ]

  @Test(arguments: cases) func answersAsMemoryDoes(_ test: Case) throws {
    let folder = try TemporaryFolder()
    let shape = replayShape(
      capacity: test.capacity, actions: test.actions, masks: test.masks, precision: test.precision)
    let path = folder.place("replay.h5")
    let store = FileTransitionStore(
      try ReplayFile.create(path, shape, attributes: ["environment": "none"]), use: replayUse(test.mebibytes))
    let twin = MemoryTransitionStore(
      transitions: 20 * test.capacity, laneCount: 20, columns: 3, actionCount: test.actions, keepsMasks: test.masks,
      precision: test.precision)
    var rows = RandomRows(laneCount: 20, columns: 3, actions: test.actions)
    var random = RandomStream(seed: 2, purpose: .replaySampling)
    var states: [(state: StateRecord, count: Int, head: Int, answers: [Answer])] = []

    func compare(_ store: FileTransitionStore) {
      #expect(store.count == twin.count && store.head == twin.head && store.newest == twin.newest)
      for _ in 0..<20 {
        let draws = (0..<16).map { _ in ReplayDraw(&random, count: twin.count, laneCount: 20) }
        if random.nextInteger(below: 3) > 0 { store.fetch(rows: draws.map(\.row), lanes: draws.map(\.lane), steps: 2) }
        for draw in draws {
          #expect(Answer(store, row: draw.row, lane: draw.lane) == Answer(twin, row: draw.row, lane: draw.lane))
          for steps in [1, 3] {
            func value(_ store: any TransitionStore) -> NStepReturn {
              NStepReturn(store, row: draw.row, lane: draw.lane, steps: steps, gamma: 0.9)
            }
            #expect(value(store) == value(twin))
          }
        }
      }
      #expect(store.failure == nil)
    }
    // Into the first block, to its end, over it, over the ring's end, around the file's, twice.
    for step in [1, 30, 173, 1, 1, 600, 3000, 300, 900, 3000, 2000] {
      rows.append(step, to: [store, twin])
      compare(store)
      let state = store.snapshot()
      // Saving twice says the same, and changes nothing.
      #expect(store.snapshot() == state)
      let again = FileTransitionStore(try ReplayFile.open(path), use: replayUse(0.3))
      try again.restore(state)
      compare(again)
      #expect(again.snapshot().integers == state.integers || again.failure != nil)
      let answers = (0..<20).map { Answer(store, row: $0 * store.count / 20, lane: $0) }
      states.append((state, store.count, store.head, answers))
      if states.count > 3 { states.removeFirst() }
    }
    // The last state is there, also for one that reads it anew; one that the ring has gone around since is refused.
    let reopened = FileTransitionStore(try ReplayFile.open(path, forWriting: true), use: replayUse())
    let last = try #require(states.last)
    try reopened.restore(last.state)
    #expect(reopened.count == last.count && reopened.head == last.head)
    #expect((0..<20).map { Answer(reopened, row: $0 * last.count / 20, lane: $0) } == last.answers)
    let first = try #require(states.first)
    let error = #expect(throws: StorageError.self) { try reopened.verify(first.state) }
    #expect(error?.description.contains("continue from a newer checkpoint") == true, "\(String(describing: error))")
  }

  /// What a run that goes back writes again, it writes alike.
  @Test func goesBackAndForgetsWhatCameAfter() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let store = FileTransitionStore(try ReplayFile.create(path, replayShape(), attributes: [:]), use: replayUse(0.5))
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(4321, to: [store])
    let state = store.snapshot()
    let answers = (0..<200).map { Answer(store, row: $0 * 20, lane: $0 % 20) }
    // As many as there are spare rows for; some of them reach the file.
    rows.append(480, to: [store])
    let later = FileTransitionStore(try ReplayFile.open(path, forWriting: true), use: replayUse(0.5))
    try later.restore(state)
    #expect((0..<200).map { Answer(later, row: $0 * 20, lane: $0 % 20) } == answers)
    #expect(later.snapshot() == state)
    var other = RandomRows(laneCount: 20, columns: 3, actions: 5)
    let twin = MemoryTransitionStore(
      transitions: 80_000, laneCount: 20, columns: 3, actionCount: 5, keepsMasks: true)
    other.append(4321, to: [twin])
    other.append(700, to: [twin, later])
    for row in stride(from: 0, to: 4000, by: 13) {
      #expect(Answer(later, row: row, lane: row % 20) == Answer(twin, row: row, lane: row % 20))
    }
  }

  /// Blocks that were asked for, others, and some that are written meanwhile: always the file's bytes, and when they were read.
  @Test(arguments: [true, false]) func readsBlocksAhead(isDirect: Bool) throws {
    let folder = try TemporaryFolder()
    let shape = replayShape(capacity: 1500)
    let path = folder.place("replay.h5")
    let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: [:]), use: replayUse())
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(1450, to: [store])
    _ = store.snapshot()
    let bytes = try folder.bytes("replay.h5")
    let readahead = BlockReadahead(store.file, depth: 3, isDirect: isDirect)
    var taken: [Int] = []
    func take(_ block: Int) throws {
      try readahead.take(block, appended: 1450 + block) { found, appended in
        let place = store.file.bytes(ofBlock: block)
        #expect(UnsafeRawBufferPointer(start: found, count: place.count).elementsEqual(bytes[place]), "block \(block)")
        taken.append(appended)
      }
    }
    for block in [3, 4, 5, 6] { readahead.start(block, appended: block) }
    #expect(readahead.isComing(3) && !readahead.isComing(6) && !readahead.isComing(0))
    // Two that come, one that never was asked for, which takes the place of one that comes, and that one.
    for block in [4, 3, 0, 1, 2, 5, 6] { try take(block) }
    #expect(taken == [4, 3, 1450, 1451, 1452, 5, 1456])
    readahead.start(2, appended: 7)
    readahead.forget()
    #expect(!readahead.isComing(2))
    readahead.start(1, appended: 1)
    try take(1)
    #expect(truncate(path, off_t(bytes.count / 2)) == 0)
    readahead.start(6, appended: 1)
    #expect(throws: StorageError.self) { try readahead.take(6, appended: 1) { _, _ in } }
  }
}
