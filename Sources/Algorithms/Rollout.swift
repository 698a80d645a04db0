// T x N steps of experience in one block of the device's memory.

package import AgentInterface
import Glibc
package import Kernels
package import Networks

/// T x N experience, time-major, in one block. Element (t, lane) of a (T, N) block is at t N + lane.
///
/// Observations, masks, values and starts have T + 1 rows: row T is what the rollout ends in and the next one begins with. The state before
/// the step is kept at row 0 (minibatches of whole lanes) or at every row (`rotation`); it counts as zero where `starts` says so.
package final class Rollout: @unchecked Sendable {
  package let horizon: Int
  package let laneCount: Int
  package let observationCount: Int
  /// Rows that hold recurrent state: 0, 1 or T.
  package let stateRowCount: Int
  package let hiddenCount: Int

  /// (T + 1, N, D) as the policy reads them: normalised in place where that is asked for.
  package let observations: UnsafeMutablePointer<Float>
  /// Rows of what episodes truncated at a step ended in: 1, which every step overwrites, or T.
  package let finalRowCount: Int
  /// (finalRowCount, N, D) the last observations of the episodes truncated in a step.
  package let finalObservations: UnsafeMutablePointer<Float>
  /// (finalRowCount, N) legality in them.
  package let finalMasks: MaskRows
  /// (T + 1, N)
  package let masks: MaskRows
  /// (T + 1, N)
  package let values: UnsafeMutablePointer<Float>
  /// (T + 1, N) 1 where the observation is the first of an episode.
  package let starts: UnsafeMutablePointer<UInt8>
  /// (T, N)
  package let actions: ActionRows
  /// (T, N) of the action taken, under the policy that took it.
  package let logProbabilities: UnsafeMutablePointer<Float>
  /// (T, N) normalised where that is asked for; without the bootstrap of a truncation.
  package let rewards: UnsafeMutablePointer<Float>
  /// (T, N)
  package let terminated: UnsafeMutablePointer<UInt8>
  /// (T, N)
  package let truncated: UnsafeMutablePointer<UInt8>
  /// (T, N) V(final observation) where truncated, else 0.
  package let bootstrapValues: UnsafeMutablePointer<Float>
  /// (T, N)
  package let advantages: UnsafeMutablePointer<Float>
  /// (T, N)
  package let returns: UnsafeMutablePointer<Float>
  /// (stateRowCount, N, H) each.
  package let states: RecurrentStateRows

  private let memory: DeviceMemory

  /// A rollout of zeros whose every lane starts an episode, in memory of `device`. `factors`: what its actions are made of; `.one` where an action and a
  /// mask are one word each.
  package init(
    horizon: Int, laneCount: Int, observationCount: Int, factors: ActionFactors = .one, hiddenCount: Int = 0,
    hasCriticState: Bool = false, keepsEveryState: Bool = false, keepsEveryFinal: Bool = false,
    device: DeviceFamily = .cpu
  ) {
    precondition(
      horizon >= 1 && laneCount >= 1 && observationCount >= 1,
      "a rollout of \(horizon) steps, \(laneCount) lanes, \(observationCount) columns")
    self.horizon = horizon
    self.laneCount = laneCount
    self.observationCount = observationCount
    self.hiddenCount = hiddenCount
    finalRowCount = keepsEveryFinal ? horizon : 1
    let finals = finalRowCount * laneCount
    stateRowCount = hiddenCount == 0 ? 0 : keepsEveryState ? horizon : 1
    let rows = horizon * laneCount
    let stateCount = stateRowCount * laneCount * hiddenCount
    var byteCount = 0
    func reserve(_ bytes: Int) -> Int {
      defer { byteCount += (bytes + 63) / 64 * 64 }
      return byteCount
    }
    let observationPlace = reserve(4 * (rows + laneCount) * observationCount)
    let finalPlace = reserve(4 * finals * observationCount)
    let finalMaskPlace = reserve(8 * finals * factors.maskWords)
    let maskPlace = reserve(8 * (rows + laneCount) * factors.maskWords)
    let valuePlace = reserve(4 * (rows + laneCount))
    let startPlace = reserve(rows + laneCount)
    let actionPlace = reserve(4 * rows * factors.actionWords)
    let floatPlaces = (0..<5).map { _ in reserve(4 * rows) }
    let terminatedPlace = reserve(rows)
    let truncatedPlace = reserve(rows)
    let statePlaces = (0..<4).map { reserve($0 < 2 || hasCriticState ? 4 * stateCount : 0) }
    let block = device.allocate(byteCount: byteCount)
    self.memory = block
    let memory = block.base
    func floats(_ place: Int, _ count: Int) -> UnsafeMutablePointer<Float> {
      (memory + place).bindMemory(to: Float.self, capacity: count)
    }
    observations = floats(observationPlace, (rows + laneCount) * observationCount)
    finalObservations = floats(finalPlace, finals * observationCount)
    func masks(_ place: Int, _ count: Int) -> MaskRows {
      let words = factors.maskWords
      return MaskRows((memory + place).bindMemory(to: UInt64.self, capacity: count * words), words: words)
    }
    finalMasks = masks(finalMaskPlace, finals)
    self.masks = masks(maskPlace, rows + laneCount)
    values = floats(valuePlace, rows + laneCount)
    starts = (memory + startPlace).bindMemory(to: UInt8.self, capacity: rows + laneCount)
    actions = ActionRows(
      (memory + actionPlace).bindMemory(to: Int32.self, capacity: rows * factors.actionWords), factors)
    logProbabilities = floats(floatPlaces[0], rows)
    rewards = floats(floatPlaces[1], rows)
    bootstrapValues = floats(floatPlaces[2], rows)
    advantages = floats(floatPlaces[3], rows)
    returns = floats(floatPlaces[4], rows)
    terminated = (memory + terminatedPlace).bindMemory(to: UInt8.self, capacity: rows)
    truncated = (memory + truncatedPlace).bindMemory(to: UInt8.self, capacity: rows)
    var states = RecurrentStateRows()
    if stateCount > 0 {
      states.actorHidden = floats(statePlaces[0], stateCount)
      states.actorCell = floats(statePlaces[1], stateCount)
      if hasCriticState {
        states.criticHidden = floats(statePlaces[2], stateCount)
        states.criticCell = floats(statePlaces[3], stateCount)
      }
    }
    self.states = states
    starts.update(repeating: 1, count: laneCount)
  }

  /// What the environment's reset writes: row 0.
  package var resetBuffers: StepBuffers { buffers(observationRow: 0, flagRow: 0) }

  /// What the environment's step `step` writes: observations and masks of row step + 1, rewards and flags of row step.
  package func stepBuffers(at step: Int) -> StepBuffers {
    precondition((0..<horizon).contains(step), "step \(step) of a rollout of \(horizon)")
    return buffers(observationRow: step + 1, flagRow: step)
  }

  /// The actions of row `step`, (N, words).
  package func actions(at step: Int) -> UnsafePointer<Int32> { UnsafePointer(actions.from(step * laneCount).base) }

  /// What step `step` did, for a replay memory. What truncated episodes ended in is there where every final row is kept.
  package func transitions(at step: Int) -> TransitionRow {
    let (row, next) = (step * laneCount, (step + 1) * laneCount)
    return TransitionRow(
      observations: observations + row * observationCount, actions: actions.from(row).base, rewards: rewards + row,
      terminated: terminated + row, truncated: truncated + row,
      nextObservations: observations + next * observationCount, nextMasks: masks.from(next),
      finalObservations: finalObservations + row * observationCount, finalMasks: finalMasks.from(row))
  }

  /// The state before row `row`, lane 0.
  func state(at row: Int) -> RecurrentStateRows { states.advanced(by: row * laneCount * hiddenCount) }

  /// Permutes the rewards over all steps and lanes: the control that no learner may pass.
  package func permuteRewards(using random: inout RandomStream) {
    random.shuffle(UnsafeMutableBufferPointer(start: rewards, count: horizon * laneCount))
  }

  /// The last row becomes row 0 of the next rollout.
  package func carryLastRow() {
    let last = horizon * laneCount
    observations.update(from: observations + last * observationCount, count: laneCount * observationCount)
    masks.update(from: masks.from(last), count: laneCount)
    starts.update(from: starts + last, count: laneCount)
  }

  /// The share of the actions that were legal.
  func allowedFraction(actions: Int) -> Double {
    let steps = horizon * laneCount
    var allowed = 0
    for step in 0..<steps { allowed += masks[step].legalCount }
    return Double(allowed) / Double(steps * actions)
  }

  /// Mean entropy of policies that like all legal choices of every factor alike, in nats.
  func possibleEntropy(of factors: ActionFactors) -> Double {
    let steps = horizon * laneCount
    var sum = 0.0
    for step in 0..<steps {
      for factor in factors.widths.indices { sum += log(Double(factors.mask(masks[step], of: factor).legalCount)) }
    }
    return sum / Double(steps)
  }

  private func buffers(observationRow: Int, flagRow: Int) -> StepBuffers {
    let final = min(flagRow, finalRowCount - 1) * laneCount
    return StepBuffers(
      observations: MatrixView(
        base: observations + observationRow * laneCount * observationCount, rows: laneCount, columns: observationCount),
      finalObservations: MatrixView(
        base: finalObservations + final * observationCount, rows: laneCount, columns: observationCount),
      rewards: rewards + flagRow * laneCount, terminated: terminated + flagRow * laneCount,
      truncated: truncated + flagRow * laneCount, masks: masks.from(observationRow * laneCount),
      finalMasks: finalMasks.from(final))
  }
}

extension Rollout {
  /// What a loss reads of it that is fused with one softmax a row. Unless `isMasked`, every action counts as legal.
  func policyRows(isMasked: Bool) -> PolicyRows {
    PolicyRows(
      masks: isMasked ? UnsafePointer(masks.base) : nil, actions: actions.base, logProbabilities: logProbabilities,
      advantages: advantages, returns: returns, values: values)
  }
}
