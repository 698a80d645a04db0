// A replay memory in a file answers as one in memory does, to the bit, before and after a stop; what is not whole is refused by name.

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
private struct RandomRows {
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
        rollout.actions[lane] = Int32(random.nextInteger(below: UInt64(world.actionSpace.count)))
      }
      world.step(rollout.actions(at: 0), lanes: 0..<lanes, into: rollout.stepBuffers(at: 0))
      for store in stores { store.append(rollout.transitions(at: 0)) }
      rollout.observations.update(from: rollout.observations + lanes * columns, count: lanes * columns)
    }
  }
}

/// Everything that a store says of one transition.
private struct Answer: Equatable {
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
private func shape(
  capacity: Int = 4000, columns: Int = 3, actions: Int = 5, masks: Bool = true, precision: ReplayPrecision = .float32,
  spare: Int = 500
) -> ReplayShape {
  ReplayShape(
    record: ReplayRecord(columns: columns, actionCount: actions, keepsMasks: masks, precision: precision),
    laneCount: 20, capacity: capacity, spareRows: spare, totalRows: 100_000)
}

private func use(_ mebibytes: Double = 0, draws: Int = 64, steps: Int = 1, isPrioritized: Bool = false) -> ReplayUse {
  ReplayUse(
    drawsPerUpdate: draws, rowsPerUpdate: 4, steps: steps, isPrioritized: isPrioritized,
    memoryBytes: Int(mebibytes * 0x1p20))
}

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
    let shape = shape(
      capacity: test.capacity, actions: test.actions, masks: test.masks, precision: test.precision)
    let path = folder.place("replay.h5")
    let store = FileTransitionStore(
      try ReplayFile.create(path, shape, attributes: ["environment": "none"]), use: use(test.mebibytes))
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
      let again = FileTransitionStore(try ReplayFile.open(path), use: use(0.3))
      try again.restore(state)
      compare(again)
      #expect(again.snapshot().integers == state.integers || again.failure != nil)
      let answers = (0..<20).map { Answer(store, row: $0 * store.count / 20, lane: $0) }
      states.append((state, store.count, store.head, answers))
      if states.count > 3 { states.removeFirst() }
    }
    // The last state is there, also for one that reads it anew; one that the ring has gone around since is refused.
    let reopened = FileTransitionStore(try ReplayFile.open(path, forWriting: true), use: use())
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
    let store = FileTransitionStore(try ReplayFile.create(path, shape(), attributes: [:]), use: use(0.5))
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(4321, to: [store])
    let state = store.snapshot()
    let answers = (0..<200).map { Answer(store, row: $0 * 20, lane: $0 % 20) }
    // As many as there are spare rows for; some of them reach the file.
    rows.append(480, to: [store])
    let later = FileTransitionStore(try ReplayFile.open(path, forWriting: true), use: use(0.5))
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

  // MARK: What is not whole

  @Test func everyCutIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    do {
      let store = FileTransitionStore(try ReplayFile.create(path, shape(capacity: 900), attributes: [:]), use: use())
      var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
      rows.append(1000, to: [store])
      _ = store.snapshot()
    }
    let whole = try folder.bytes("replay.h5")
    var refused = 0
    let cuts =
      [0, 1, 15, 16, 40, 95, 100, 4095, 4096, 5000, 8191, 8192, 9000] + (1...40).map { whole.count * $0 / 41 }
      + [whole.count - 1]
    for cut in cuts {
      try folder.write(Array(whole[..<cut]), to: "cut.h5")
      let error = #expect(throws: StorageError.self, "cut at \(cut)") { try ReplayFile.open(folder.place("cut.h5")) }
      #expect(error?.description.contains("cut.h5") == true)
      refused += error == nil ? 0 : 1
    }
    try folder.write(whole + [0], to: "cut.h5")
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.place("cut.h5")) }
    ProofTable.record(
      "damage: cut of a replay file", figure: "\(refused) of \(cuts.count) refused by name", threshold: "all",
      seeds: "-",
      holds: refused == cuts.count)
  }

  @Test func everyChangedByteThatCanBeDrawnIsRefusedByName() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = shape(capacity: 900)
    var state = StateRecord()
    var ledger = ReplayLedger()
    do {
      let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: ["run": "one"]), use: use())
      var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
      rows.append(1777, to: [store])
      state = store.snapshot()
      ledger = try #require(try store.file.newestLedger()).ledger
    }
    let file = try ReplayFile.open(path)
    var bytes = try folder.bytes("replay.h5")
    let live = ledger.rows(shape)
    #expect(live == 877..<1777)
    var lives = [Bool](repeating: false, count: bytes.count)
    for row in live {
      let place = file.place(ofRow: row)
      for byte in place..<place + shape.rowBytes { lives[byte] = true }
    }
    let data = file.dataOffset..<file.dataOffset + shape.dataBytes
    var random = RandomStream(seed: 5, purpose: .mutation)
    var tried = 0
    var refused = 0
    var unused = 0
    // The description, whose every byte counts, and as many others.
    let description = bytes.indices.filter { !data.contains($0) && $0 < data.lowerBound || $0 >= data.upperBound }
    var places =
      stride(from: 0, to: 4200, by: 61).map { $0 }
      + (0..<200).map { _ in Int(random.nextInteger(below: UInt64(bytes.count))) }
    places += (0..<100).map { _ in description[Int(random.nextInteger(below: UInt64(description.count)))] }
    for place in places {
      let old = bytes[place]
      bytes[place] ^= UInt8(1 + random.nextInteger(below: 255))
      try folder.write(bytes, to: "changed.h5")
      bytes[place] = old
      guard let words = refusal(folder.place("changed.h5"), state) else {
        // Rows that nobody draws any more, and the ledgers, of which a checkpoint has its own.
        #expect(!lives[place], "byte \(place) was changed unnoticed")
        unused += 1
        continue
      }
      tried += 1
      refused += words.contains("changed.h5") ? 1 : 0
    }
    #expect(refused == tried && tried > 150 && unused > 20, "\(refused) of \(tried), \(unused) unused")
    ProofTable.record(
      "damage: changed byte of a replay file", figure: "\(refused) of \(tried) refused by name", threshold: "all",
      seeds: "5",
      holds: refused == tried)
  }

  /// Why a file cannot serve a saved state, or nil.
  private func refusal(_ path: String, _ state: StateRecord) -> String? {
    do throws(StorageError) {
      try FileTransitionStore(try ReplayFile.open(path), use: use()).verify(state)
      return nil
    } catch {
      return error.description
    }
  }

  /// A ledger whose number no run comes to is none, digest or not: there would be no number after it.
  @Test func aLedgerBeyondAllNumbersIsNone() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = shape(capacity: 900)
    let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: [:]), use: use())
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(100, to: [store])
    let state = store.snapshot()
    var bytes = try folder.bytes("replay.h5")
    let place = bytes[80..<88].reversed().reduce(0) { $0 << 8 | Int($1) }
    for sequence in [UInt64.max, 1 << 62] {
      // The first ledger went to the second place.
      let forged = ReplayLedger(appended: 100, digests: try #require(try store.file.newestLedger()).ledger.digests)
        .encoded(sequence: sequence)
      bytes.replaceSubrange(place..<place + forged.count, with: forged)
      try folder.write(bytes, to: "forged.h5")
      let file = try ReplayFile.open(folder.place("forged.h5"), forWriting: true)
      #expect(try file.newestLedger()?.sequence == 1)
      let again = FileTransitionStore(file, use: use())
      try again.restore(state)
      #expect(again.snapshot() == state && again.failure == nil)
      #expect(try ReplayFile.open(folder.place("forged.h5")).newestLedger()?.sequence == 2)
    }
  }

  /// What is read is checked where it becomes an index, also while a run goes on.
  @Test func damageDuringARunEndsIt() throws {
    let folder = try TemporaryFolder()
    let path = folder.place("replay.h5")
    let shape = shape(capacity: 2000)
    let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: [:]), use: use())
    var rows = RandomRows(laneCount: 20, columns: 3, actions: 5)
    rows.append(2500, to: [store])
    _ = store.snapshot()
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    defer { close(descriptor) }
    let bad = [UInt8](repeating: 0xFF, count: shape.dataBytes)
    #expect(pwrite(descriptor, bad, bad.count, off_t(store.file.dataOffset)) == bad.count)
    for row in stride(from: 0, to: 2000, by: 100) {
      #expect((0..<5).contains(store.action(row: row, lane: 3)))
      #expect(store.nextMask(row: row, lane: 3).rawValue != 0)
      _ = store.end(row: row, lane: 3)
    }
    #expect(store.failure?.description.contains("replay.h5") == true)
    // And one that was cut short meanwhile.
    let second = FileTransitionStore(
      try ReplayFile.create(folder.place("second.h5"), shape, attributes: [:]), use: use())
    rows.append(2500, to: [second])
    _ = second.snapshot()
    #expect(truncate(folder.place("second.h5"), 10_000) == 0)
    _ = second.reward(row: 700, lane: 3)
    #expect(second.failure?.description.contains("truncated") == true)
  }

  /// Blocks that were asked for, others, and some that are written meanwhile: always the file's bytes, and when they were read.
  @Test(arguments: [true, false]) func readsBlocksAhead(isDirect: Bool) throws {
    let folder = try TemporaryFolder()
    let shape = shape(capacity: 1500)
    let path = folder.place("replay.h5")
    let store = FileTransitionStore(try ReplayFile.create(path, shape, attributes: [:]), use: use())
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

  @Test func refusesOtherKindsAndVersions() throws {
    let folder = try TemporaryFolder()
    try folder.write("hello", to: "text")
    #expect(throws: StorageError.notRecognised(path: folder.place("text"), expected: "a replay file", found: "'hello'"))
    {
      try ReplayFile.open(folder.place("text"))
    }
    try Checkpoint().encoded().withUnsafeBytes { try folder.write(Array($0), to: "checkpoint.h5") }
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.place("checkpoint.h5")) }
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.path) }
    #expect(throws: StorageError.self) { try ReplayFile.open(folder.place("nothing")) }
    let path = folder.place("replay.h5")
    _ = try ReplayFile.create(path, shape(), attributes: [:], schemaVersion: 2)
    #expect(
      throws: StorageError.unsupportedVersion(path: path, subject: "replay schema", found: "2", supported: "1")
    ) { try ReplayFile.open(path) }
  }
}

@Suite struct ReplayLearningTests {
  /// A learner, its world and its store.
  private final class Run {
    let learner: DQN
    let world: RandomEpisodes

    init(
      _ change: (inout DQN.Configuration) -> Void, isMasked: Bool,
      store make: (DQN.Configuration) throws -> (any TransitionStore)?
    )
      throws
    {
      var configuration = DQN.Configuration()
      configuration.bufferSize = 60_000
      configuration.learningStarts = 40_000
      configuration.batchSize = 64
      configuration.gradientSteps = 2
      configuration.trainFrequency = 16
      configuration.explorationFraction = 0.5
      change(&configuration)
      let spec = NetworkSpec(
        inputs: 3, actions: 5, memory: .none, policyTower: [8], valueTower: [], activation: .relu, hasValueHead: false,
        kind: .actionValues)
      learner = DQN(
        configuration: configuration, spec: spec, laneCount: 20, masked: isMasked, totalSteps: 200_000, seed: 9,
        pool: WorkerPool(workerCount: 1), store: try make(configuration))
      world = RandomEpisodes(laneCount: 20, columns: 3, actions: 5)
      world.reset(seed: 4, into: learner.rollout.resetBuffers)
      learner.begin()
    }

    func iterate() -> [UInt64] {
      for step in 0..<learner.rollout.horizon {
        learner.act(at: step)
        world.step(learner.rollout.actions(at: step), lanes: 0..<20, into: learner.rollout.stepBuffers(at: step))
        learner.absorb(at: step)
      }
      learner.finishRollout()
      let statistics = learner.update(progressRemaining: 1 - Double(learner.stepCount) / 200_000)
      learner.startNextRollout()
      return statistics.values.map(\.value.bitPattern)
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var isMasked = false
    var mebibytes: Double
    /// Whether nearly everything that is drawn must have been read ahead.
    var isForetold = true
    var change: @Sendable (inout DQN.Configuration) -> Void = { _ in }
  }

  static let cases = [
    Case(testDescription: "a third in memory", mebibytes: 1.3),
    Case(testDescription: "masked, three steps, float16", isMasked: true, mebibytes: 1) {
      ($0.nSteps, $0.replayPrecision) = (3, .float16)
    },
    Case(testDescription: "nothing in memory", mebibytes: 0, isForetold: false),
    Case(testDescription: "prioritised", mebibytes: 1, isForetold: false) { $0.prioritized = true },
  ]

  /// From before learning starts until the ring has gone around twice: the same numbers, wherever the transitions lie.
  @Test(arguments: cases) func learnsTheSameBits(_ test: Case) throws {
    let folder = try TemporaryFolder()
    var store: FileTransitionStore?
    let file = try Run(test.change, isMasked: test.isMasked) { configuration in
      let shape = ReplayShape(
        record: ReplayRecord(
          columns: 3, actionCount: 5, keepsMasks: test.isMasked, precision: configuration.replayPrecision),
        laneCount: 20, capacity: 3000, spareRows: 300, totalRows: 100_000)
      store = FileTransitionStore(
        try ReplayFile.create(folder.place("replay.h5"), shape, attributes: [:]),
        use: ReplayUse(
          drawsPerUpdate: 128, rowsPerUpdate: 16, steps: configuration.nSteps, isPrioritized: configuration.prioritized,
          memoryBytes: Int(test.mebibytes * 0x1p20)))
      return store
    }
    let memory = try Run(test.change, isMasked: test.isMasked) { _ in nil }
    for round in 0..<450 {
      let (one, other) = (file.iterate(), memory.iterate())
      #expect(one == other, "round \(round)")
      guard one == other else { return }
    }
    #expect(file.learner.updateCount > 600)
    #expect(file.learner.parameters.values.array == memory.learner.parameters.values.array)
    let found = try #require(store)
    #expect(found.failure == nil && found.count == 3000)
    let draws = file.learner.updateCount * 64 * (file.learner.configuration.nSteps + 1)
    if test.isForetold { #expect(found.missCount < draws / 50, "\(found.missCount) of \(draws)") }
    if test.mebibytes == 0 { #expect(found.missCount > draws / 3) }
  }

  /// A learner that begins with another one's transitions has them in their order.
  @Test func beginsWithAnotherStoresTransitions() throws {
    let source = try Run({ $0.bufferSize = 4000 }, isMasked: true) { _ in nil }
    for _ in 0..<20 { _ = source.iterate() }
    for size in [2000, 4000, 8000] {
      let run = try Run({ ($0.bufferSize, $0.learningStarts) = (size, 0) }, isMasked: true) { _ in nil }
      run.learner.begin(with: source.learner.store)
      let (old, new) = (source.learner.store, run.learner.store)
      let taken = min(200, size / 20)
      #expect(new.count == taken)
      for offset in 0..<taken {
        let from = (old.head + 200 - taken + offset) % 200
        #expect(Answer(new, row: offset, lane: offset % 20) == Answer(old, row: from, lane: offset % 20))
      }
      // It is saved and taken back like any other.
      _ = run.iterate()
      let state = run.learner.snapshot()
      let again = try Run({ ($0.bufferSize, $0.learningStarts) = (size, 0) }, isMasked: true) { _ in nil }
      try again.learner.restore(state)
      #expect(again.learner.snapshot() == state)
    }
  }
}
