// A minibatch of a rollout as plain data: what was wrong with an update, before its step.

import AgentInterface
import Inference
import Kernels
import Networks

extension OnPolicyLearner {
  /// The cutter's current minibatch with everything that its gradient was computed from, slice by slice as the passes read it: padding stands at
  /// place -1. `loss`: the numbers of the loss, which with `found` are those of one update.
  func updateIncident(
    _ condition: HealthCondition, _ response: HealthResponse, finding: String, place: String, learningRate: Double,
    loss: [String: Double], found: [String: Double]
  ) -> Incident {
    var incident = incident(condition, response, .update, finding: finding, place: place, stepsOfRollout: nil)
    incident.record.integers["random/minibatch_order"] = [Int64(bitPattern: updateBeginning)]
    incident.record.floats["found/gradients"] = parameters.gradients.array
    for (name, value) in loss { incident.record.doubles["loss/" + name] = [value] }
    for (name, value) in found { incident.record.doubles["found/" + name] = [value] }
    // As they are set: the loss was added up with these.
    incident.record.doubles["loss/entropy_coefficient"] = [settings.entropyCoefficient]
    incident.record.doubles["loss/value_coefficient"] = [settings.valueCoefficient]
    incident.record.doubles["optimizer/learning_rate"] = [learningRate]
    incident.record.doubles["optimizer/maximum_norm"] = [settings.maxGradientNorm]
    addSlices(to: &incident)
    return incident
  }

  private func addSlices(to incident: inout Incident) {
    let (columns, hidden) = (spec.inputs, spec.hiddenCount)
    var lengths: [Int64] = []
    var sequences: [Int64] = []
    var places: [Int64] = []
    var (starts, masks, actions): ([Int64], [Int64], [Int64]) = ([], [], [])
    let noMask = [Int64](repeating: 0, count: spec.factors.maskWords)
    let noAction = [Int64](repeating: 0, count: spec.factors.actionWords)
    var observations: [Float] = []
    var floats: [String: [Float]] = [:]
    for slice in 0..<cutter.sliceCount {
      let (batch, rowIndices) = cutter.prepare(slice: slice, worker: 0)
      lengths.append(Int64(batch.length))
      sequences.append(Int64(batch.count))
      for step in 0..<batch.length {
        let rows = batch.observations + step * batch.observationTimeStride
        observations.append(contentsOf: UnsafeBufferPointer(start: rows, count: batch.count * columns))
        for sequence in 0..<batch.count {
          let place = Int(rowIndices[step * batch.count + sequence])
          places.append(Int64(place))
          starts.append(Int64(batch.starts.map { $0[step * batch.startTimeStride + sequence] } ?? 0))
          masks += place < 0 ? noMask : rollout.masks.from(place).integers(1)
          actions += place < 0 ? noAction : rollout.actions.integers(place)
          for (name, column) in [
            ("log_probabilities", rollout.logProbabilities), ("advantages", rollout.advantages),
            ("returns", rollout.returns), ("old_values", rollout.values),
          ] { floats[name, default: []].append(place < 0 ? 0 : column[place]) }
        }
      }
      for (name, state) in batch.initialState.named where hidden > 0 {
        floats[name, default: []].append(contentsOf: UnsafeBufferPointer(start: state, count: batch.count * hidden))
        incident.widths["minibatch/" + name] = hidden
      }
    }
    for (name, values) in floats { incident.record.floats["minibatch/" + name] = values }
    incident.record.floats["minibatch/observations"] = observations
    incident.widths["minibatch/observations"] = columns
    for (name, values) in [
      ("slice_lengths", lengths), ("slice_sequences", sequences), ("places", places), ("starts", starts),
      ("masks", masks), ("actions", actions),
    ] { incident.record.integers["minibatch/" + name] = values }
  }
}

extension RecurrentStateRows {
  /// Those that are there, by name.
  var named: [(name: String, values: UnsafeMutablePointer<Float>)] {
    [
      ("actor_hidden", actorHidden), ("actor_cell", actorCell), ("critic_hidden", criticHidden),
      ("critic_cell", criticCell),
    ].compactMap { name, values in values.map { (name, $0) } }
  }
}
