// The loss of the advantage actor-critic, and its gradient.

import AgentInterface
import Inference
import Kernels
import Networks

/// What the loss needs to know besides the rows.
struct A2CLossSettings: Sendable {
  var entropyCoefficient: Float
  var valueCoefficient: Float
  var advantageMean: Float = 0
  var advantageDivisor: Float = 1
  /// Rows of the whole rollout.
  var validCount = 1

  /// As an incident keeps them.
  var named: [String: Double] {
    [
      "entropy_coefficient": Double(entropyCoefficient), "value_coefficient": Double(valueCoefficient),
      "advantage_mean": Double(advantageMean), "advantage_divisor": Double(advantageDivisor),
      "valid_count": Double(validCount),
    ]
  }
}

extension A2CLossSettings {
  /// As kernels take it that fuse it with the heads.
  var policyLoss: PolicyLoss {
    let scale = 1 / Float(validCount)
    return PolicyLoss(
      clipRange: nil, valueClipRange: nil, advantageMean: advantageMean, advantageDivisor: advantageDivisor,
      scale: scale, valueScale: 2 * valueCoefficient * scale, entropyScale: entropyCoefficient * scale)
  }
}

/// Loss = -mean(A log p(a)) + valueCoefficient mean((R - V)^2) - entropyCoefficient mean(H). Source: Mnih et al. 2016, synchronous as in
/// stable-baselines3 2.9.
enum A2CLoss {
  /// Evaluates the rows of one slice and replaces logits and values by the gradient of the loss.
  ///
  /// rowIndices: (rows) each row's place t N + lane in the rollout. Unless `isMasked`, every action counts as legal. scratch: (3 A).
  /// Sums run in row order.
  static func evaluate(
    outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, rollout: Rollout, factors: ActionFactors, isMasked: Bool,
    settings: A2CLossSettings, scratch: UnsafeMutablePointer<Float>
  ) -> PolicyLossSums {
    let actionCount = outputs.logits.columns
    let allLegal = ActionMask.all(count: actionCount)
    let probabilities = scratch + actionCount
    let entropies = scratch + 2 * actionCount
    let scale = 1 / Float(settings.validCount)
    let valueScale = 2 * settings.valueCoefficient * scale
    let (masks, actions) = (rollout.masks, rollout.actions)
    var sums = PolicyLossSums()
    for row in 0..<outputs.logits.rows {
      let gradient = outputs.logits.row(row)
      let index = Int(rowIndices[row])
      let action = actions[index]
      let entropy = ActionSelection.evaluate(
        logits: gradient, mask: isMasked ? masks[index] : allLegal, factors: factors,
        logProbabilities: scratch, probabilities: probabilities, entropies: entropies)
      let advantage = (rollout.advantages[index] - settings.advantageMean) / settings.advantageDivisor
      let logProbability = ActionSelection.logProbability(of: action, logProbabilities: scratch, factors: factors)
      sums.policy -= Double(advantage * logProbability)
      sums.entropy += Double(entropy)
      MaskedSoftmax.gradient(
        logProbabilities: scratch, probabilities: probabilities, entropies: entropies, factors: factors,
        action: action, pull: -advantage * scale, entropyScale: settings.entropyCoefficient * scale, into: gradient)
      let error = outputs.values[row] - rollout.returns[index]
      sums.value += Double(error * error)
      outputs.values[row] = valueScale * error
    }
    return sums
  }
}

/// The loss on rows of a rollout.
struct A2CRolloutLoss: RowLoss {
  let rollout: Rollout
  let factors: ActionFactors
  let isMasked: Bool
  let settings: A2CLossSettings

  func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> PolicyLossSums {
    A2CLoss.evaluate(
      outputs: outputs, rowIndices: rowIndices, rollout: rollout, factors: factors, isMasked: isMasked,
      settings: settings, scratch: scratch)
  }

  /// The fused kernels know one softmax a row.
  var fused: FusedLoss<PolicyLossSums>? {
    factors.isJoint ? FusedLoss(settings.policyLoss, of: rollout.policyRows(isMasked: isMasked)) : nil
  }
}
