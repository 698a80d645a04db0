// A batch of the replay memory as plain data: what was wrong with an update, before its step.

import AgentInterface
import Inference
import Kernels
import Networks
import Text

extension DQN {
  /// The batch as the store holds it, with everything else that its gradient was computed from.
  func updateIncident(
    _ condition: HealthCondition, _ response: HealthResponse, finding: String, place: String, learningRate: Double,
    record: Record
  ) -> Incident {
    var incident = incident(condition, response, .update, finding: finding, place: place, stepsOfRollout: nil)
    incident.facts["double"] = .bool(configuration.double)
    incident.facts["dueling"] = .bool(configuration.dueling)
    incident.record.integers["random/replay_sampling"] = [Int64(bitPattern: drawBeginning)]
    incident.record.doubles["optimizer/learning_rate"] = [learningRate]
    incident.record.doubles["optimizer/maximum_norm"] = [configuration.maxGradientNorm]
    incident.record.doubles["found/loss"] = [record.loss]
    incident.record.doubles["found/mean_value"] = [record.meanValue]
    incident.record.doubles["found/gradient_norm"] = [record.gradientNorm]
    incident.record.floats["found/gradients"] = parameters.gradients.array
    if observationMoments != nil { incident.record.doubles["normalizer/clip"] = [configuration.observationClip] }
    // What the passes read and made of it is gathered once more: nothing it depends on has changed since.
    gatherUnscaled()
    let count = configuration.batchSize
    incident.record.floats["batch/observations"] = batch.observations.array
    incident.record.floats["batch/next_observations"] = batch.nextObservations.array
    incident.widths["batch/observations"] = spec.inputs
    incident.widths["batch/next_observations"] = spec.inputs
    incident.record.floats["batch/rewards"] = batch.returns.array
    incident.record.floats["batch/discounts"] = batch.discounts.array
    incident.record.floats["batch/weights"] = sampler.weights
    incident.record.integers["batch/actions"] = (0..<count).map { Int64(batch.actions[$0]) }
    incident.record.integers["batch/next_masks"] = (0..<count).map { Int64(bitPattern: batch.nextMasks[$0].rawValue) }
    incident.record.integers["batch/rows"] = sampler.rows.map { Int64($0) }
    incident.record.integers["batch/lanes"] = sampler.lanes.map { Int64($0) }
    return incident
  }
}
