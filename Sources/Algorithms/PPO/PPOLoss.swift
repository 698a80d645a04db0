// The clipped surrogate objective with value and entropy terms, and its gradient.

package import AgentInterface
import Glibc
import Inference
package import Kernels
package import Networks

/// What the loss needs to know besides the rows.
package struct PPOLossSettings: Sendable {
  package var clipRange: Float
  package var clipRangeValue: Float?
  package var entropyCoefficient: Float
  package var valueCoefficient: Float
  /// Of the whole minibatch; the divisor is its unbiased deviation plus 1e-8, or 1.
  package var advantageMean: Float = 0
  package var advantageDivisor: Float = 1
  /// Rows of the whole minibatch that count.
  package var validCount = 1

  package init(clipRange: Float, clipRangeValue: Float?, entropyCoefficient: Float, valueCoefficient: Float) {
    self.clipRange = clipRange
    self.clipRangeValue = clipRangeValue
    self.entropyCoefficient = entropyCoefficient
    self.valueCoefficient = valueCoefficient
  }
}

extension PPOLossSettings {
  /// As an incident keeps them.
  var named: [String: Double] {
    var numbers = [
      "clip_range": Double(clipRange), "entropy_coefficient": Double(entropyCoefficient),
      "value_coefficient": Double(valueCoefficient), "advantage_mean": Double(advantageMean),
      "advantage_divisor": Double(advantageDivisor), "valid_count": Double(validCount),
    ]
    numbers["clip_range_value"] = clipRangeValue.map { Double($0) }
    return numbers
  }
}

extension PPOLossSettings {
  /// As kernels take it that fuse it with the heads.
  var policyLoss: PolicyLoss {
    let scale = 1 / Float(validCount)
    return PolicyLoss(
      clipRange: clipRange, valueClipRange: clipRangeValue, advantageMean: advantageMean,
      advantageDivisor: advantageDivisor, scale: scale, valueScale: 2 * valueCoefficient * scale,
      entropyScale: entropyCoefficient * scale)
  }
}

/// Loss = -mean(min(A r, A clip(r, 1 +- c))) + valueCoefficient mean((R - V)^2) - entropyCoefficient mean(H), r the ratio of the action's new
/// to its old probability. With value clipping V is replaced by its clipped form. Source: Schulman et al. 2017; stable-baselines3 2.9.
package enum PPOLoss {
  /// Evaluates the rows of one slice and replaces logits and values by the gradient of the loss.
  ///
  /// rowIndices: (rows) each row's place t N + lane in the rollout, or -1 for padding, which gets no gradient. Unless `isMasked`, every
  /// action counts as legal. scratch: (3 A). Sums run in row order.
  package static func evaluate(
    outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, rollout: Rollout, factors: ActionFactors, isMasked: Bool,
    settings: PPOLossSettings, scratch: UnsafeMutablePointer<Float>
  ) -> PolicyLossSums {
    let actionCount = outputs.logits.columns
    let rows = outputs.logits.rows
    let logits = outputs.logits.base
    let values = outputs.values
    let (masks, actions, oldLogProbabilities) = (rollout.masks, rollout.actions, rollout.logProbabilities)
    let (advantages, returns, oldValues) = (rollout.advantages, rollout.returns, rollout.values)
    let allLegal = ActionMask.all(count: actionCount)
    let logProbabilities = scratch
    let probabilities = scratch + actionCount
    let entropies = scratch + 2 * actionCount
    let scale = 1 / Float(settings.validCount)
    let (lower, upper) = (1 - settings.clipRange, 1 + settings.clipRange)
    let valueScale = 2 * settings.valueCoefficient * scale
    let entropyScale = settings.entropyCoefficient * scale
    var sums = PolicyLossSums()
    for row in 0..<rows {
      let gradient = logits + row * actionCount
      if row % Prefetch.distance == 0 {
        let next = rowIndices + min(row + Prefetch.distance, rows)
        let count = min(Prefetch.distance, max(0, rows - row - Prefetch.distance))
        if masks.words == 1 { Prefetch.elements(masks.base, at: next, count: count) }
        if factors.actionWords == 1 { Prefetch.elements(actions.base, at: next, count: count) }
        for column in [oldLogProbabilities, advantages, returns, oldValues] {
          Prefetch.elements(column, at: next, count: count)
        }
      }
      let index = Int(rowIndices[row])
      guard index >= 0 else {
        gradient.update(repeating: 0, count: actionCount)
        values[row] = 0
        continue
      }
      let action = actions[index]
      let entropy = ActionSelection.evaluate(
        logits: gradient, mask: isMasked ? masks[index] : allLegal, factors: factors,
        logProbabilities: logProbabilities, probabilities: probabilities, entropies: entropies)
      let advantage = (advantages[index] - settings.advantageMean) / settings.advantageDivisor
      let logProbability = ActionSelection.logProbability(
        of: action, logProbabilities: logProbabilities, factors: factors)
      let change = logProbability - oldLogProbabilities[index]
      let ratio = expf(change)
      let plain = advantage * ratio
      let limited = advantage * min(max(ratio, lower), upper)
      sums.policy -= Double(min(plain, limited))
      sums.entropy += Double(entropy)
      sums.divergence += Double((ratio - 1) - change)
      if abs(ratio - 1) > settings.clipRange { sums.clipped += 1 }
      // Where the clipped branch is the smaller one it is constant, and the row pulls nowhere.
      let pull = plain <= limited ? -plain * scale : 0
      MaskedSoftmax.gradient(
        logProbabilities: logProbabilities, probabilities: probabilities, entropies: entropies, factors: factors,
        action: action, pull: pull, entropyScale: entropyScale, into: gradient)

      let value = values[row]
      var predicted = value
      var passes = true
      if let range = settings.clipRangeValue {
        let difference = value - oldValues[index]
        predicted = oldValues[index] + min(max(difference, -range), range)
        passes = abs(difference) <= range
      }
      let error = predicted - returns[index]
      sums.value += Double(error * error)
      values[row] = passes ? valueScale * error : 0
    }
    return sums
  }
}

/// The loss on rows of a rollout.
struct PPORolloutLoss: RowLoss {
  let rollout: Rollout
  let factors: ActionFactors
  let isMasked: Bool
  let settings: PPOLossSettings

  func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> PolicyLossSums {
    PPOLoss.evaluate(
      outputs: outputs, rowIndices: rowIndices, rollout: rollout, factors: factors, isMasked: isMasked,
      settings: settings, scratch: scratch)
  }

  /// The fused kernels know one softmax a row.
  var fused: FusedLoss<PolicyLossSums>? {
    factors.isJoint ? FusedLoss(settings.policyLoss, of: rollout.policyRows(isMasked: isMasked)) : nil
  }
}
