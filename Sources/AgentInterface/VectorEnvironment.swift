// The contract between any world and any agent.

/// N independent lanes. Disjoint lane ranges may be stepped from different threads at the same time; a lane's numbers depend on
/// (seed, lane, its own history) alone, never on the ranges or threads.
///
/// `reset` starts an episode in every lane and writes `observations` and `masks`. `step` makes one transition in each lane of
/// `lanes`: it writes `rewards`, `terminated`, `truncated`, the next `observations` and `masks` (the next episode's first where one
/// ended) and, where truncated, `finalObservations` and `finalMasks`. An action outside the mask is the caller's mistake where the action space
/// has no fallback (trap); where it has one, the fallback is executed and counted in `drainIllegalAttempts`.
package protocol VectorEnvironment: AnyObject, Resumable, Sendable {
  var observationSpace: ObservationSpace { get }
  var actionSpace: ActionSpace { get }
  var laneCount: Int { get }
  func reset(seed: UInt64, into row: StepBuffers)
  /// actions: (N, `actionSpace.heads.actionWords`)
  func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into row: StepBuffers)
  /// Finished episodes since the last call, in order of lane and then time. Not called while stepping.
  func drainEpisodes() -> [EpisodeSummary]
  /// Illegal requests that became the fallback since the last call, all lanes together.
  func drainIllegalAttempts() -> Int
}
