// The games over options: what a step costs when deciding is free, beside a plain C loop of the same game without limits.

import AgentInterface
import Algorithms
import CDesk
import Environments
import Kernels
import Market
import Trading

/// Measured in processor time of one thread, all in turn: `options` on a synthetic surface and on a chain larger than the near caches, the C loop on the same two
/// tapes, and `short_premium` on the surface. Ours plays the shipped accounts, sizes, limits, fees and masks; the loop has none of them.
///
/// Before anything is timed both play a rich account that no limit binds, with the same actions: every episode must end with the same money, and every row must
/// show the same.
final class OptionsSubject {
  /// Nanoseconds a lane and step, and calls of the allocator over all steps of ours.
  struct Sample {
    let surface: Double
    let plainSurface: Double
    let chain: Double
    let plainChain: Double
    let premium: Double
    let allocations: Int
  }

  /// 60 sessions of three symbols in 4,096 lanes: what they take beside what the process held before, MiB; nil where the kernel does not tell, or when quick.
  let peakMebibytes: Double?
  private let surface: PlayedOptions
  private let chain: PlayedOptions
  private let premium: PlayedOptions
  private let plainSurface: PlainOptions
  private let plainChain: PlainOptions

  init(isQuick: Bool) throws(BenchmarkError) {
    let lanes = isQuick ? 64 : 4096
    let steps = isQuick ? 48 : 120
    peakMebibytes = isQuick ? nil : try OptionsSubject.peak(lanes: lanes)
    let tape = try MadeUpOptions.surface(sessions: isQuick ? 3 : 30)
    let large = MadeUpOptions.chain(of: isQuick ? tape : try MadeUpOptions.surface(sessions: 120))
    surface = try PlayedOptions(tape, OptionsConfiguration(), lanes: lanes, steps: steps)
    chain = try PlayedOptions(large, OptionsConfiguration(), lanes: lanes, steps: steps)
    premium = try PlayedOptions(tape, .shortPremium, lanes: lanes, steps: steps)
    plainSurface = try PlainOptions(tape, lanes: lanes)
    plainChain = try PlainOptions(large, lanes: lanes)
    try plainSurface.check()
    try plainChain.check()
  }

  func measure() throws(BenchmarkError) -> Sample {
    let one = try surface.measure()
    let plain = plainSurface.measure(surface.actions)
    let quoted = try chain.measure()
    let plainQuoted = plainChain.measure(chain.actions)
    let sold = try premium.measure()
    return Sample(
      surface: one.nanoseconds, plainSurface: plain, chain: quoted.nanoseconds, plainChain: plainQuoted,
      premium: sold.nanoseconds, allocations: one.allocations + quoted.allocations + sold.allocations)
  }

  private static func peak(lanes: Int) throws(BenchmarkError) -> Double? {
    guard ProcessMemory.forgetPeak(), let before = ProcessMemory.resident else { return nil }
    let played = try PlayedOptions(
      MadeUpOptions.surfaces(sessions: 60), OptionsConfiguration(), lanes: lanes, steps: 64)
    _ = try played.measure()
    return ProcessMemory.peak.map { $0 - before }
  }
}

/// A game in all lanes, with actions that are drawn once among the legal ones: a lane's history depends on seed and actions alone, so they stay legal.
final class PlayedOptions {
  let environment: OptionsEnvironment
  /// (steps, lanes)
  private(set) var actions: [UInt8] = []
  private let steps: Int
  /// Memory for one step, written over and over.
  private let row: Rollout
  private let chosen: UnsafeMutablePointer<Int32>

  init(_ options: OptionTape, _ configuration: OptionsConfiguration, lanes: Int, steps: Int) throws(BenchmarkError) {
    let tape = MarketTape(options: options)
    do {
      environment = try OptionsEnvironment(
        tape: tape, tables: OptionsTables(tape, configuration: configuration), window: 0..<tape.barCount,
        laneCount: lanes)
    } catch {
      throw .failed("\(error)")
    }
    self.steps = steps
    row = Rollout(
      horizon: 1, laneCount: lanes, observationCount: environment.observationSpace.count,
      factors: environment.actionSpace.heads)
    chosen = .allocate(capacity: lanes)
    chosen.initialize(repeating: 0, count: lanes)
    actions.reserveCapacity(steps * lanes)
    begin()
    var random = RandomStream(seed: 0, purpose: .actionSampling)
    var masks = row.stepBuffers(at: 0).masks
    for step in 0..<steps {
      for lane in 0..<lanes { actions.append(PlayedOptions.legal(masks[lane], &random)) }
      self.step(step)
      masks = row.stepBuffers(at: 0).masks
    }
    try forget()
  }

  deinit { chosen.deallocate() }

  /// One of the actions that a mask allows, each as likely.
  static func legal(_ mask: ActionMask, _ random: inout RandomStream) -> UInt8 {
    var legal = mask.rawValue
    for _ in 0..<random.nextInteger(below: UInt64(legal.nonzeroBitCount)) { legal &= legal - 1 }
    return UInt8(legal.trailingZeroBitCount)
  }

  func measure() throws(BenchmarkError) -> (nanoseconds: Double, allocations: Int) {
    begin()
    let start = ProcessorTime.seconds
    let calls = try AllocationCounter.count { for step in 0..<steps { self.step(step) } }
    let seconds = ProcessorTime.seconds - start
    try forget()
    return (seconds * 1e9 / Double(actions.count), calls)
  }

  /// The minute of its first session in which a lane begins: lanes are spread over the session, as they are once half days have come between them, and what they
  /// look up lies apart.
  static func firstMinute(_ lane: Int) -> Int { lane / slice * 6 % 360 }

  private static let slice = 64

  private func begin() {
    environment.reset(seed: 0, into: row.resetBuffers)
    chosen.update(repeating: 0, count: environment.laneCount)
    let buffers = row.stepBuffers(at: 0)
    for lanes in slices {
      // Where nobody has stepped, the row is still that of the reset.
      for lane in lanes { buffers.masks[lane] = row.resetBuffers.masks[lane] }
      for _ in 0..<PlayedOptions.firstMinute(lanes.lowerBound) { environment.step(chosen, lanes: lanes, into: buffers) }
    }
  }

  private var slices: [Range<Int>] {
    let lanes = environment.laneCount
    return stride(from: 0, to: lanes, by: PlayedOptions.slice).map { $0..<min($0 + PlayedOptions.slice, lanes) }
  }

  /// As the collector does it: in slices of 64 lanes.
  private func step(_ step: Int) {
    let lanes = environment.laneCount
    let buffers = row.stepBuffers(at: 0)
    for lane in 0..<lanes { chosen[lane] = Int32(actions[step * lanes + lane]) }
    for first in stride(from: 0, to: lanes, by: PlayedOptions.slice) {
      environment.step(chosen, lanes: first..<min(first + PlayedOptions.slice, lanes), into: buffers)
    }
  }

  private func forget() throws(BenchmarkError) {
    _ = environment.drainEpisodes()
    let illegal = environment.drainIllegalAttempts()
    guard illegal == 0 else { throw .failed("\(illegal) of the actions drawn as legal were not") }
  }
}
