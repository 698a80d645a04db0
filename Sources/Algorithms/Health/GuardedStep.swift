// A step of the optimizer that is not taken where its numbers forbid it.

import Networks

extension HealthMonitor {
  /// Clips the gradient and takes one step along it, unless its numbers forbid it; whether it did. A loss or gradient that is not finite is never
  /// followed while it is looked for.
  ///
  /// vitals: their norm becomes the gradient's before clipping. capture: what is kept where something is wrong; parameters and moments are still those
  /// before the step.
  func takeStep(
    of device: any LearnerDevice, learningRate: Double, maximumNorm: Double, vitals: inout UpdateVitals,
    actions: Int, possibleEntropy: () -> Double,
    capture: (_ condition: HealthCondition, _ response: HealthResponse, _ finding: String, UpdateVitals) -> Incident
  ) -> Bool {
    var measured = vitals
    let isTaken = device.step(learningRate: learningRate, maximumNorm: maximumNorm) { norm in
      measured.gradientNorm = norm
      return !isAlarming(measured, actions: actions)
    }
    vitals = measured
    guard !isTaken else { return true }
    if let (condition, finding) = concern(measured, actions: actions, possibleEntropy: possibleEntropy) {
      notice(condition) { capture(condition, $0, finding, measured) }
      if isHalted || condition == .nonFinite { return false }
    }
    return device.step(learningRate: learningRate, maximumNorm: maximumNorm) { _ in true }
  }
}
