// One lane of any environment, walked by a decider and written down.

package import AgentInterface
package import Inference

/// Why a lane's walk stopped.
package enum LaneWalkError: Error, Equatable {
  case decision(DecisionError)
  case observation(ObservationLinesError)
}

/// What one lane showed and what was chosen: enough to ask a server the same questions.
package struct LaneWalk: Sendable {
  /// One JSON line a decision, as a policy server reads them.
  package let lines: String
  package let actions: [ActionNumber]
  package let steps: DecisionLog

  /// Walks `steps` decisions of a one-lane environment, over episode ends. `includesMask` as in `ObservationLines.text`.
  package init(
    _ environment: any VectorEnvironment, decider: any Decider, steps: Int, seed: UInt64, includesMask: Bool
  ) throws(LaneWalkError) {
    precondition(environment.laneCount == 1, "a walk of one lane through \(environment.laneCount)")
    let loop = EnvironmentLoop(environment)
    loop.reset(seed: seed)
    var lines = ""
    var log = DecisionLog(columns: environment.observationSpace.count, actionCount: environment.actionSpace.count)
    log.factors = environment.actionSpace.heads
    for decision in 0..<steps {
      let (observation, mask, startsEpisode) = (loop.observation(lane: 0), loop.row.masks[0], loop.starts[0] == 1)
      let choice: Choice
      do { choice = try decider.decide(observation.span, mask: mask, startsEpisode: startsEpisode) } catch {
        throw .decision(error)
      }
      do {
        lines += try ObservationLines.line(
          Array(observation)[...], mask: includesMask ? mask : nil, actionCount: environment.actionSpace.count,
          startsEpisode: startsEpisode, decision: decision)
      } catch {
        throw .observation(error)
      }
      log.observations += observation
      log.masks.append(mask)
      log.actions.append(choice.action)
      log.starts.append(startsEpisode)
      if let policy = decider as? PolicyDecider {
        log.logProbabilities.append(policy.logProbability)
        log.probabilities += policy.probabilities
      }
      loop.actions[0] = choice.action
      loop.step()
      log.rewards.append(loop.row.rewards[0])
      log.terminated.append(loop.row.terminated[0] != 0)
      log.truncated.append(loop.row.truncated[0] != 0)
    }
    _ = environment.drainEpisodes()
    self.lines = lines
    self.steps = log
    actions = log.actions
  }
}

/// What one lane showed and what was done, step by step: T steps, D columns, A actions.
package struct DecisionLog: Sendable, Equatable {
  package var columns: Int
  package var actionCount: Int
  /// What its actions are made of; `.one` where they are numbers.
  package var factors = ActionFactors.one
  /// (T, D) raw.
  package var observations: [Float] = []
  package var masks: [ActionMask] = []
  package var actions: [ActionNumber] = []
  package var rewards: [Float] = []
  package var terminated: [Bool] = []
  package var truncated: [Bool] = []
  /// Whether the step began an episode.
  package var starts: [Bool] = []
  /// (T) and (T, A); empty for a decider without probabilities.
  package var logProbabilities: [Float] = []
  package var probabilities: [Float] = []

  package init(columns: Int, actionCount: Int) {
    self.columns = columns
    self.actionCount = actionCount
  }

  /// The steps of a walk through a window.
  package init(_ record: BacktestRecord, actionCount: Int, factors: ActionFactors = .one) {
    self.init(columns: record.observationColumns, actionCount: actionCount)
    self.factors = factors
    let last = record.count - 1
    observations = record.observations
    masks = record.masks
    actions = record.actions
    rewards = record.rewards
    starts = record.starts
    // A session behind which everything begins anew has ended by its own rules, as in training.
    terminated = (0...last).map { $0 == last ? record.endedByTermination : record.starts[$0 + 1] }
    truncated = (0...last).map { $0 == last && !record.endedByTermination }
    logProbabilities = record.logProbabilities
    probabilities = record.probabilities
  }
}
