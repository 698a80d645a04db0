// The first rollouts of a run as columns of a file, for whoever wants to do its arithmetic again.

private import AgentInterface
private import Algorithms
private import Configuration
private import Environments
private import Inference
private import Networks
private import Storage
private import Text

/// Copies what the first R rollouts of a run gathered, before anything is computed from it, and writes it once the last of them is whole.
///
/// Rows lie rollout by rollout, and in one by step t and lane: (R T N) rows of `actions`, `rewards`, `log_probs`, `terminations`, `truncations` and
/// `bootstrap_values` (V of the observation that a truncated episode ended in, 0 elsewhere); (R (T + 1) N) rows of `observations` as the policy reads them,
/// `action_masks` and `episode_starts`, the last of a rollout being the first of the next; (R T N) of `values`; of a policy with memory
/// `states/...`, (R S N) rows as `Rollout` keeps them. Learners that replay have no probabilities and no values: their columns are zero, and
/// `final_observations` holds what truncated episodes ended in and `final_action_masks` what was legal there.
package final class TrainingRecorder {
  package static let fileName = "training-rollouts.h5"
  /// What `--record-rollouts` may ask for: more is hardly meant, and is kept in memory until it is written.
  package static let mostRollouts = 1000

  private let wanted: Int
  private let masksPerRow: Int
  private let path: String
  private let attributes: [String: String]
  private var taken = 0
  private var columns: [String: RolloutFile.Column] = [:]
  private var failure: StorageError?

  /// Listens to a run that begins.
  package init(_ trainer: Trainer, rollouts: Int) {
    wanted = rollouts
    masksPerRow = trainer.factory.spaces.actions.count
    path = trainer.directory.file(TrainingRecorder.fileName)
    let rollout = trainer.algorithm.rollout
    attributes = [
      "content": "training", "run": trainer.directory.name,
      RunState.configurationAttribute: trainer.configuration.json.text, "horizon": "\(rollout.horizon)",
      "lanes": "\(rollout.laneCount)", "action_factors": trainer.factory.spaces.actions.digitsJSON.text,
      "state_rows": "\(rollout.stateRowCount)",
      "source_revision": BuildInformation.revision,
    ]
    trainer.onGathered = { [self] rollout in take(rollout) }
  }

  /// Writes what there is of a run that ended before the last wanted rollout, and throws where the file could not be written.
  package func finish() throws(TrainingError) {
    if failure == nil, taken > 0, taken < wanted { write() }
    try requireWritten()
  }

  /// Throws where the file could not be written.
  package func requireWritten() throws(TrainingError) {
    if let failure { throw .storage(failure) }
  }

  private func take(_ rollout: Rollout) {
    guard taken < wanted else { return }
    let rows = rollout.horizon * rollout.laneCount
    let rowsAndLast = rows + rollout.laneCount
    let columns = rollout.observationCount
    add("observations", rollout.observations, rowsAndLast * columns, width: columns)
    add("actions", (0..<rows).flatMap { rollout.actions.integers($0) }, width: rollout.actions.factors.width)
    add("rewards", rollout.rewards, rows)
    add("log_probs", rollout.logProbabilities, rows)
    add("values", rollout.values, rows)
    add("bootstrap_values", rollout.bootstrapValues, rows)
    add("terminations", UnsafeBufferPointer(start: rollout.terminated, count: rows))
    add("truncations", UnsafeBufferPointer(start: rollout.truncated, count: rows))
    add("episode_starts", UnsafeBufferPointer(start: rollout.starts, count: rowsAndLast))
    add("action_masks", legal(rollout.masks, rowsAndLast), width: masksPerRow)
    if rollout.finalRowCount == rollout.horizon {
      add("final_observations", rollout.finalObservations, rows * columns, width: columns)
      add("final_action_masks", legal(rollout.finalMasks, rows), width: masksPerRow)
    }
    let states = rollout.stateRowCount * rollout.laneCount * rollout.hiddenCount
    for (name, state) in [
      ("actor_hidden", rollout.states.actorHidden), ("actor_cell", rollout.states.actorCell),
      ("critic_hidden", rollout.states.criticHidden), ("critic_cell", rollout.states.criticCell),
    ] {
      if let state { add("states/" + name, state, states, width: rollout.hiddenCount) }
    }
    taken += 1
    if taken == wanted { write() }
  }

  private func write() {
    let file = RolloutFile(attributes: attributes.merging(["rollouts": "\(taken)"]) { $1 }, columns: columns)
    do throws(StorageError) {
      try file.write(toNew: path)
    } catch {
      failure = error
    }
    columns = [:]
  }

  // MARK: Columns

  /// One byte an action.
  private func legal(_ masks: MaskRows, _ count: Int) -> [UInt8] {
    (0..<count).flatMap { row in
      let mask = masks[row]
      return (0..<masksPerRow).map { mask.allows($0) ? UInt8(1) : 0 }
    }
  }

  private func add(_ name: String, _ values: UnsafePointer<Float>, _ count: Int, width: Int? = nil) {
    var all: [Float] = []
    if case .floats(let before)? = columns.removeValue(forKey: name)?.values { all = before }
    all.append(contentsOf: UnsafeBufferPointer(start: values, count: count))
    columns[name] = .init(.floats(all), width: width)
  }

  private func add(_ name: String, _ values: [Int64], width: Int? = nil) {
    var all: [Int64] = []
    if case .integers(let before)? = columns.removeValue(forKey: name)?.values { all = before }
    columns[name] = .init(.integers(all + values), width: width)
  }

  private func add(_ name: String, _ values: some Collection<UInt8>, width: Int? = nil) {
    var all: [UInt8] = []
    if case .bytes(let before)? = columns.removeValue(forKey: name)?.values { all = before }
    columns[name] = .init(.bytes(all + values), width: width)
  }
}
