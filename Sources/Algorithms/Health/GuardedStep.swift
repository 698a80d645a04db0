// A step of the optimizer that is not taken where its numbers forbid it.

import Kernels
import Networks

extension HealthMonitor {
  /// Clips the gradient and takes one step along it, unless its numbers forbid it; whether it did. A loss or gradient that is not finite is never
  /// followed while it is looked for.
  ///
  /// vitals: their norm becomes the gradient's before clipping. derive: what must follow every change of the parameters. capture: what is kept
  /// where something is wrong; parameters and moments are still those before the step.
  func takeStep(
    of parameters: ParameterStore, by optimizer: any Optimizer, learningRate: Double, maximumNorm: Double,
    vitals: inout UpdateVitals, actions: Int, pool: WorkerPool, derive: () -> Void, possibleEntropy: () -> Double,
    capture: (_ condition: HealthCondition, _ response: HealthResponse, _ finding: String, UpdateVitals) -> Incident
  ) -> Bool {
    var measured = vitals
    var scale: Float = 1
    var isTaken = false
    // As a task of the pool, so that denormal moments count as zero as they do in the passes.
    pool.run(taskCount: 1) { _, _ in
      (measured.gradientNorm, scale) = GradientClipping.measure(parameters, maximumNorm: maximumNorm)
      guard !isAlarming(measured, actions: actions) else { return }
      optimizer.step(parameters, learningRate: learningRate, gradientScale: scale)
      derive()
      isTaken = true
    }
    vitals = measured
    guard !isTaken else { return true }
    if let (condition, finding) = concern(measured, actions: actions, possibleEntropy: possibleEntropy) {
      notice(condition) { capture(condition, $0, finding, measured) }
      if isHalted || condition == .nonFinite { return false }
    }
    pool.run(taskCount: 1) { _, _ in
      optimizer.step(parameters, learningRate: learningRate, gradientScale: scale)
      derive()
    }
    return true
  }
}
