// The policies whose training is measured.

import Algorithms
import Inference
import Networks
import Training

/// A network and whether its actions are masked; the names are those of `benchmarks/configurations`, `-unmasked` behind where masks are off.
enum PolicyShape: String, CaseIterable {
  case lstm64
  case lstm64Unmasked = "lstm64-unmasked"
  case lstm64Towers = "lstm64-towers"
  case lstm32
  case lstm128
  case mlp
  case mlpUnmasked = "mlp-unmasked"

  var label: String {
    switch self {
    case .lstm64: "LSTM 64"
    case .lstm64Unmasked: "LSTM 64, no mask"
    case .lstm64Towers: "LSTM 64, 64 x 64"
    case .lstm32: "LSTM 32"
    case .lstm128: "LSTM 128"
    case .mlp: "MLP 64 x 64"
    case .mlpUnmasked: "MLP 64 x 64, no mask"
    }
  }

  /// `configuration` with this policy.
  func applied(to configuration: RunConfiguration) -> RunConfiguration {
    var configuration = configuration
    let isMasked = self != .lstm64Unmasked && self != .mlpUnmasked
    let hasMemory = self != .mlp && self != .mlpUnmasked
    configuration.algorithm =
      hasMemory ? (isMasked ? .ppoLSTMMask : .ppoLSTM) : (isMasked ? .ppoMask : .ppo)
    if !hasMemory || self == .lstm64Towers {
      configuration.network.policyTower = [64, 64]
      configuration.network.valueTower = [64, 64]
    }
    configuration.network.lstmHidden = self == .lstm32 ? 32 : self == .lstm128 ? 128 : 64
    return configuration
  }
}

/// The arithmetic that no program can leave out.
enum ArithmeticFloor {
  /// Multiplications and additions in matrix products of one training step, in operations: one forward pass to act, and forward and
  /// backward in every epoch. Gradients with respect to what needs none, the observation, are not counted, nor is anything pointwise.
  static func operationsPerStep(_ spec: NetworkSpec, _ configuration: RunConfiguration) -> Double {
    let rows = configuration.learner.rowsPerStep(stepsPerRollout: configuration.stepsPerRollout)
    let forward = operationsPerStep(spec, epochs: 0)
    return rows.forward * forward + rows.training * (operationsPerStep(spec, epochs: 1) - forward)
  }

  /// The same of so many epochs.
  static func operationsPerStep(_ spec: NetworkSpec, epochs: Int) -> Double {
    let (inputs, hidden) = (Double(spec.inputs), Double(spec.hiddenCount))
    // Weights are multiplied once forward and once for their own gradient; `through` counts those that pass a gradient on.
    var (weights, through) = (0.0, 0.0)
    let memories = spec.hiddenCount == 0 ? 0.0 : spec.criticMemory == .separate ? 2 : 1
    weights += memories * 4 * hidden * (inputs + hidden)
    through += memories * 4 * hidden * hidden
    let projects = spec.criticMemory == NetworkSpec.CriticMemory.none
    if projects { weights += inputs * hidden }
    let features = spec.hiddenCount > 0 ? hidden : inputs
    func addTower(_ widths: [Int], outputs: Int, passesBelow: Bool) {
      var below = features
      var passes = passesBelow
      for width in widths.map(Double.init) + [Double(outputs)] {
        weights += below * width
        if passes { through += below * width }
        (below, passes) = (width, true)
      }
    }
    addTower(spec.policyTower, outputs: spec.actions, passesBelow: spec.hiddenCount > 0)
    if spec.hasValueHead {
      addTower(
        spec.valueTower, outputs: 1, passesBelow: spec.hiddenCount > 0 && spec.criticMemory != .sharedDetached)
    }
    return 2 * (weights + Double(epochs) * (2 * weights + through))
  }
}
