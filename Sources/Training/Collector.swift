// Fills a rollout: the loop between the agent and its world.

package import AgentInterface
package import Algorithms
package import Kernels

/// Steps an environment's lanes with an algorithm's actions. Lanes are cut into fixed slices that the workers share, so that the numbers
/// do not depend on how many there are.
package final class Collector {
  package let environment: any VectorEnvironment
  package let algorithm: any Algorithm
  /// Called with each rollout after its last step and before anything is computed from it: where a control experiment interferes.
  package var onGathered: ((Rollout) -> Void)?
  /// What was seen so far; nil where the run began before there was such a record.
  package private(set) var record: ObservationRecord?
  private let loop: EnvironmentLoop
  private var returns: [Double] = []
  private var lengths: [Int] = []

  /// How many finished episodes the running means look back on.
  package static let episodeWindow = 100

  package init(environment: any VectorEnvironment, algorithm: any Algorithm, pool: WorkerPool) {
    self.environment = environment
    self.algorithm = algorithm
    loop = EnvironmentLoop(environment, pool: pool)
    record = ObservationRecord(
      columns: environment.observationSpace.count, laneCount: environment.laneCount, sliceWidth: loop.sliceWidth)
  }

  /// Goes on without a record: what was seen before is not known.
  package func forgoRecord() { record = nil }

  /// Starts every lane.
  package func begin(seed: UInt64) {
    loop.reset(seed: seed, into: algorithm.rollout.resetBuffers)
    // Before anything is scaled in place.
    record?.begin(algorithm.rollout.resetBuffers.observations)
    algorithm.acceptReset()
    algorithm.begin()
  }

  /// One rollout, ready to learn from; part of one where the algorithm's health ends the run.
  package func collect() {
    let (health, isMasked, factors) = (algorithm.health, algorithm.isMasked, environment.actionSpace.heads)
    let record = record
    for step in 0..<algorithm.rollout.horizon {
      algorithm.act(at: step)
      let actions = UnsafePointer(algorithm.rollout.actions(at: step))
      let row = algorithm.rollout.stepBuffers(at: step)
      loop.step(actions, into: row) { lanes, row in
        health.look(at: row, lanes: lanes, isMasked: isMasked, factors: factors, isReset: false)
        record?.look(at: row.observations, lanes: lanes)
      }
      guard algorithm.acceptStep(row, step: step) else { return }
      algorithm.absorb(at: step)
    }
    record?.merge()
    onGathered?(algorithm.rollout)
    algorithm.finishRollout()
    for episode in environment.drainEpisodes() {
      returns.append(episode.episodeReturn)
      lengths.append(episode.length)
    }
    returns.removeFirst(max(0, returns.count - Collector.episodeWindow))
    lengths.removeFirst(max(0, lengths.count - Collector.episodeWindow))
  }

  /// Mean return of the last finished episodes; nil before the first.
  package var meanReturn: Double? { returns.isEmpty ? nil : returns.reduce(0, +) / Double(returns.count) }
  package var meanLength: Double? {
    lengths.isEmpty ? nil : Double(lengths.reduce(0, +)) / Double(lengths.count)
  }
}

extension Collector: Resumable {
  package func snapshot() -> StateRecord {
    StateRecord(doubles: ["episode_returns": returns], integers: ["episode_lengths": lengths.map(Int64.init)])
  }

  package func restore(_ state: StateRecord) throws(RestoreError) {
    let savedReturns = try state.doubles("episode_returns")
    let savedLengths = try state.integers("episode_lengths", count: savedReturns.count)
    guard savedReturns.count <= Collector.episodeWindow, savedReturns.allSatisfy(\.isFinite) else {
      throw .invalid(
        name: "episode_returns", reason: "more than \(Collector.episodeWindow) returns, or one that is not finite")
    }
    guard savedLengths.allSatisfy({ (1..<1 << 40).contains($0) }) else {
      throw .invalid(name: "episode_lengths", reason: "an episode of no steps, or of too many")
    }
    returns = savedReturns
    lengths = savedLengths.map(Int.init)
  }
}
