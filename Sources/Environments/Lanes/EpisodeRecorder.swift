// What every environment remembers of its lanes' episodes: running length and return, finished ones, illegal requests.

import AgentInterface

/// Running and finished episodes of N lanes. Lanes are independent: different ones may be written at the same time.
final class EpisodeRecorder: @unchecked Sendable {
  private struct Finished: Sendable {
    var length: Int64
    var episodeReturn: Double
  }

  let laneCount: Int
  private let lengths: LaneArray<Int64>
  private let returns: LaneArray<Double>
  private let illegalAttempts: LaneArray<Int64>
  private let finished: LaneLists<Finished>

  init(laneCount: Int) {
    self.laneCount = laneCount
    lengths = LaneArray(repeating: 0, count: laneCount)
    returns = LaneArray(repeating: 0, count: laneCount)
    illegalAttempts = LaneArray(repeating: 0, count: laneCount)
    finished = LaneLists(laneCount: laneCount)
  }

  /// Forgets everything, as before the first episode.
  func reset() {
    lengths.assign(repeatElement(0, count: laneCount))
    returns.assign(repeatElement(0, count: laneCount))
    illegalAttempts.assign(repeatElement(0, count: laneCount))
    finished.removeAll()
  }

  /// The sums of the running episodes, for loops that touch no object.
  struct Running: @unchecked Sendable {
    let returns: UnsafeMutablePointer<Double>
    let lengths: UnsafeMutablePointer<Int64>
  }

  var running: Running { Running(returns: returns.base, lengths: lengths.base) }

  /// Adds one step and returns the steps that the running episode has now.
  @inline(__always) @discardableResult
  func add(reward: Double, lane: Int) -> Int64 {
    returns.base[lane] += reward
    lengths.base[lane] += 1
    return lengths.base[lane]
  }

  /// Ends the running episode. `episodeReturn` replaces the running sum where the environment knows it more exactly.
  @inline(never)
  func finish(lane: Int, episodeReturn: Double? = nil) {
    finished.append(
      Finished(length: lengths.base[lane], episodeReturn: episodeReturn ?? returns.base[lane]), lane: lane)
    returns.base[lane] = 0
    lengths.base[lane] = 0
  }

  @inline(__always)
  func countIllegalAttempt(lane: Int) { illegalAttempts.base[lane] += 1 }

  /// Finished episodes since the last call, in order of lane and then time.
  func drainEpisodes() -> [EpisodeSummary] {
    var summaries: [EpisodeSummary] = []
    for lane in 0..<laneCount {
      for episode in finished.values(lane: lane) {
        summaries.append(
          EpisodeSummary(lane: lane, length: Int(episode.length), episodeReturn: episode.episodeReturn))
      }
    }
    finished.removeAll()
    return summaries
  }

  /// Illegal requests since the last call, all lanes together.
  func drainIllegalAttempts() -> Int {
    let total = illegalAttempts.array.reduce(0, +)
    illegalAttempts.assign(repeatElement(0, count: laneCount))
    return Int(total)
  }

  /// Writes everything under names that begin with `episodes/`.
  func save(into state: inout StateRecord) {
    state.integers["episodes/length"] = lengths.array
    state.doubles["episodes/return"] = returns.array
    state.integers["episodes/illegal_attempts"] = illegalAttempts.array
    let lists = (0..<laneCount).map { finished.values(lane: $0) }
    state.integers["episodes/finished_counts"] = lists.map { Int64($0.count) }
    state.integers["episodes/finished_lengths"] = lists.flatMap { $0.map(\.length) }
    state.doubles["episodes/finished_returns"] = lists.flatMap { $0.map(\.episodeReturn) }
  }

  /// A saved state that has been checked but not yet taken over, so that a bad one changes nothing.
  struct Restored {
    fileprivate var lengths: [Int64]
    fileprivate var returns: [Double]
    fileprivate var illegalAttempts: [Int64]
    fileprivate var counts: [Int64]
    fileprivate var finishedLengths: [Int64]
    fileprivate var finishedReturns: [Double]
  }

  /// Reads and checks what `save` wrote. `lengthLimit`: a running episode has fewer steps than that.
  func check(_ state: StateRecord, lengthLimit: Int) throws(RestoreError) -> Restored {
    let restored = Restored(
      lengths: try state.integers("episodes/length", count: laneCount),
      returns: try state.doubles("episodes/return", count: laneCount),
      illegalAttempts: try state.integers("episodes/illegal_attempts", count: laneCount),
      counts: try state.integers("episodes/finished_counts", count: laneCount),
      finishedLengths: try state.integers("episodes/finished_lengths"),
      finishedReturns: try state.doubles("episodes/finished_returns"))
    guard restored.lengths.allSatisfy({ (0..<Int64(lengthLimit)).contains($0) }) else {
      throw .invalid(name: "episodes/length", reason: "a running episode has 0 to \(lengthLimit - 1) steps")
    }
    guard restored.returns.allSatisfy(\.isFinite) else {
      throw .invalid(name: "episodes/return", reason: "a return is not finite")
    }
    guard restored.illegalAttempts.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
      throw .invalid(name: "episodes/illegal_attempts", reason: "a count is out of range")
    }
    var total: Int64 = 0
    for count in restored.counts {
      guard count >= 0, count <= Int64(restored.finishedLengths.count) else {
        throw .invalid(name: "episodes/finished_counts", reason: "\(count) finished episodes are not in the record")
      }
      total += count
    }
    guard total == Int64(restored.finishedLengths.count) else {
      throw .wrongLength(
        name: "episodes/finished_lengths", expected: Int(total), found: restored.finishedLengths.count)
    }
    guard restored.finishedReturns.count == restored.finishedLengths.count else {
      throw .wrongLength(
        name: "episodes/finished_returns", expected: Int(total), found: restored.finishedReturns.count)
    }
    guard restored.finishedLengths.allSatisfy({ (1...Int64(lengthLimit)).contains($0) }),
      restored.finishedReturns.allSatisfy(\.isFinite)
    else {
      throw .invalid(
        name: "episodes/finished_lengths", reason: "a finished episode has no steps, too many, or no finite return")
    }
    return restored
  }

  func take(_ restored: Restored) {
    lengths.assign(restored.lengths)
    returns.assign(restored.returns)
    illegalAttempts.assign(restored.illegalAttempts)
    finished.removeAll()
    var next = 0
    for lane in 0..<laneCount {
      for _ in 0..<Int(restored.counts[lane]) {
        finished.append(
          Finished(length: restored.finishedLengths[next], episodeReturn: restored.finishedReturns[next]), lane: lane)
        next += 1
      }
    }
  }
}
