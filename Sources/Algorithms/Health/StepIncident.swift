// Something wrong in what the environment gave: where, and the step as a whole.

package import AgentInterface
import Inference
import Kernels
import Networks
import Text

extension Algorithm {
  /// To be called with what the environment wrote, once `health` looked at it and before anything is computed from it. `step` nil: its reset. Masks
  /// that allow nothing (of a factor) are made to allow everything (of it), unless the run is to end: then the answer is false.
  package func acceptStep(_ row: StepBuffers, step: Int?) -> Bool {
    guard health.takeStepFlag() else { return !health.isHalted }
    for lane in 0..<rollout.laneCount {
      if let (what, column) = nonFinite(row, lane: lane, isReset: step == nil) {
        health.notice(.nonFinite) { response in
          stepIncident(
            .nonFinite, response, "\(what) is not a finite number", row, step: step, lane: lane, column: column)
        }
      }
      guard isMasked, let what = emptyMask(row, lane: lane, isReset: step == nil) else { continue }
      health.notice(.emptyMask) { response in
        stepIncident(.emptyMask, response, what, row, step: step, lane: lane, column: nil)
      }
      row.masks[lane] = spec.factors.opened(row.masks[lane])
      if step != nil, row.truncated[lane] != 0 { row.finalMasks[lane] = spec.factors.opened(row.finalMasks[lane]) }
    }
    return !health.isHalted
  }

  /// Looks at the environment's reset and accepts it, or not.
  package func acceptReset() {
    let row = rollout.resetBuffers
    health.look(at: row, lanes: 0..<rollout.laneCount, isMasked: isMasked, factors: spec.factors, isReset: true)
    _ = acceptStep(row, step: nil)
  }

  private func nonFinite(_ row: StepBuffers, lane: Int, isReset: Bool) -> (what: String, column: Int?)? {
    func column(_ view: MatrixView) -> Int? { (0..<view.columns).first { !view.row(lane)[$0].isFinite } }
    if !isReset {
      if !row.rewards[lane].isFinite { return ("a reward", nil) }
      if row.truncated[lane] != 0, let column = column(row.finalObservations) {
        return ("the last observation of an episode", column)
      }
    }
    return column(row.observations).map { ("an observation", $0) }
  }

  private func emptyMask(_ row: StepBuffers, lane: Int, isReset: Bool) -> String? {
    func words(_ subject: String, _ factor: Int) -> String {
      "\(subject) allows no \(spec.factors.isJoint ? "action" : "choice of factor \(factor), counted from 0")"
    }
    if !isReset, row.truncated[lane] != 0, let factor = spec.factors.emptyFactor(of: row.finalMasks[lane]) {
      return words("the mask of an episode's end", factor)
    }
    return spec.factors.emptyFactor(of: row.masks[lane]).map { words("a mask", $0) }
  }

  private func stepIncident(
    _ condition: HealthCondition, _ response: HealthResponse, _ finding: String, _ row: StepBuffers, step: Int?,
    lane: Int, column: Int?
  ) -> Incident {
    var place = step.map { "step \($0 + 1) of \(rollout.horizon) of the rollout" } ?? "the environment's reset"
    place += ", lane \(lane)" + (column.map { ", column \($0)" } ?? "")
    var incident = incident(
      condition, response, .step, finding: finding, place: place, stepsOfRollout: step.map { $0 + 1 } ?? 0)
    let (lanes, columns) = (rollout.laneCount, spec.inputs)
    func floats(_ name: String, _ base: UnsafePointer<Float>, width: Int = 1) {
      incident.record.floats["step/" + name] = Array(UnsafeBufferPointer(start: base, count: lanes * width))
      if width > 1 { incident.widths["step/" + name] = width }
    }
    func masks(_ name: String, _ rows: MaskRows) { incident.record.integers["step/" + name] = rows.integers(lanes) }
    floats("observations", row.observations.base, width: columns)
    masks("masks", row.masks)
    guard let step else { return incident }
    let first = step * lanes
    floats("observations_before", rollout.observations + first * columns, width: columns)
    floats("rewards", row.rewards)
    incident.record.integers["step/actions"] = (0..<lanes).flatMap { rollout.actions.integers(first + $0) }
    incident.record.integers["step/terminated"] = (0..<lanes).map { Int64(row.terminated[$0]) }
    incident.record.integers["step/truncated"] = (0..<lanes).map { Int64(row.truncated[$0]) }
    floats("final_observations", row.finalObservations.base, width: columns)
    masks("final_masks", row.finalMasks)
    // Where no episode was cut, earlier ones' ends may still stand there.
    for lane in 0..<lanes where row.truncated[lane] == 0 {
      for word in 0..<row.finalMasks.words {
        incident.record.integers["step/final_masks"]?[lane * row.finalMasks.words + word] = 0
      }
      for column in 0..<columns { incident.record.floats["step/final_observations"]?[lane * columns + column] = 0 }
    }
    return incident
  }

  /// Parameters and moments as they stand between two updates, where one of them is not finite.
  package func noticeUnsoundState() -> Bool {
    let isSound =
      Reductions.isFinite(parameters.values.base, count: parameters.layout.count)
      && optimizer.moments.allSatisfy { Reductions.isFinite($0.values.base, count: parameters.layout.count) }
    guard !isSound else { return false }
    health.notice(.nonFinite) { response in
      incident(
        .nonFinite, response, .state, finding: "a parameter, or a moment of the optimizer, is not a finite number",
        place: "after the update", stepsOfRollout: nil)
    }
    return true
  }

  /// An incident with what all have: what the learner is, its parameters, moments, statistics and random positions.
  func incident(
    _ condition: HealthCondition, _ response: HealthResponse, _ subject: Incident.Subject, finding: String,
    place: String, stepsOfRollout: Int?
  ) -> Incident {
    var facts: [String: JSON] = [
      "algorithm": .string(family.name),
      "network": spec.json, "masked": .bool(isMasked), "optimizer": .string(type(of: optimizer).name),
      "lanes": .integer(Int64(rollout.laneCount)), "device": .string(deviceFamily.name),
      "kernels": .string(kernels.rawValue),
      "bfloat16": .bool(bfloat16 != nil), "bfloat16_unit": bfloat16.map { .string("\($0)") } ?? .null,
      "kernel_name": .string(deviceFamily.kernelName(for: spec, kernels, bfloat16)),
    ]
    if let form = (optimizer as? RMSprop)?.form { facts["optimizer_form"] = .string(form.rawValue) }
    var record = standing()
    let epsilon = (optimizer as? Adam)?.epsilon ?? (optimizer as? RMSprop)?.epsilon
    record.doubles["optimizer/epsilon"] = epsilon.map { [$0] }
    return Incident(
      condition: condition, response: response, subject: subject, finding: finding, place: place,
      stepsOfRollout: stepsOfRollout, facts: facts, record: record, widths: [:])
  }
}
