// The loss of an actor with its critic over rows of heads, and its gradient, in one pass.

import CKernels

/// What a loss asks for, and how much its parts count: policy, value, entropy.
package struct PolicyLoss: Sendable {
  /// c of -min(A r, A clip(r, 1 +- c)), r being the ratio of the action's new to its old probability; nil: the policy loss is -A log p.
  package var clipRange: Float?
  /// How far from its old one a value counts; nil: however far.
  package var valueClipRange: Float?
  package var advantageMean: Float
  package var advantageDivisor: Float
  /// In the gradient: of the policy loss, of the squared value error's half, of the entropy.
  package var scale: Float
  package var valueScale: Float
  package var entropyScale: Float

  package init(
    clipRange: Float?, valueClipRange: Float?, advantageMean: Float, advantageDivisor: Float, scale: Float,
    valueScale: Float, entropyScale: Float
  ) {
    self.clipRange = clipRange
    self.valueClipRange = valueClipRange
    self.advantageMean = advantageMean
    self.advantageDivisor = advantageDivisor
    self.scale = scale
    self.valueScale = valueScale
    self.entropyScale = entropyScale
  }
}

/// Borrowed columns of experience, by place.
package struct PolicyRows: @unchecked Sendable {
  /// Bits of the legal actions; nil: all of them are, everywhere.
  let masks: UnsafePointer<UInt64>?
  let actions: UnsafePointer<Int32>
  /// Of the actions, as they were taken.
  let logProbabilities: UnsafePointer<Float>
  let advantages: UnsafePointer<Float>
  let returns: UnsafePointer<Float>
  /// As they were when the actions were taken.
  let values: UnsafePointer<Float>

  package init(
    masks: UnsafePointer<UInt64>?, actions: UnsafePointer<Int32>, logProbabilities: UnsafePointer<Float>,
    advantages: UnsafePointer<Float>, returns: UnsafePointer<Float>, values: UnsafePointer<Float>
  ) {
    self.masks = masks
    self.actions = actions
    self.logProbabilities = logProbabilities
    self.advantages = advantages
    self.returns = returns
    self.values = values
  }
}

/// Sums over rows; divided by how many count, they are the means.
package struct PolicyLossSums: Sendable, Equatable {
  package var policy = 0.0
  /// Of squared errors.
  package var value = 0.0
  package var entropy = 0.0
  /// Of (r - 1) - log r; 0 without a clip range, like `clipped`.
  package var divergence = 0.0
  /// Rows whose ratio is outside the clip range.
  package var clipped = 0.0

  package init() {}

  package static func += (left: inout PolicyLossSums, right: PolicyLossSums) {
    left.policy += right.policy
    left.value += right.value
    left.entropy += right.entropy
    left.divergence += right.divergence
    left.clipped += right.clipped
  }
}

extension DenseKernels {
  /// Columns of a policy's heads side by side: the logits, the value behind them, and what fills a vector.
  package static let headColumns = 16

  /// Replaces heads by the gradient of the loss, zeros behind the value, and returns its sums.
  ///
  /// heads: (n, 16), with room up to a multiple of 16 rows, which is written to; actionCount: at most 15; places: (n) where each row's numbers stand,
  /// or -1 for padding, which counts for nothing and gets no gradient. A row's gradient depends on that row alone, sums on the order of rows. Traps
  /// where a mask allows no action.
  package func policyLoss(
    _ loss: PolicyLoss, heads: MatrixView, actionCount: Int, places: UnsafePointer<Int32>, of rows: PolicyRows
  ) -> PolicyLossSums {
    precondition(
      (1..<DenseKernels.headColumns).contains(actionCount) && heads.rowStride == DenseKernels.headColumns,
      "\(actionCount) actions in rows of \(heads.rowStride)")
    var job = ckernels_policy_loss(
      rows: heads.rows, actions: actionCount, heads: heads.base, places: places, masks: rows.masks,
      taken: rows.actions, log_probabilities: rows.logProbabilities, advantages: rows.advantages,
      returns: rows.returns, values: rows.values, illegal: MaskedSoftmax.illegalLogProbability,
      advantage_mean: loss.advantageMean, advantage_divisor: loss.advantageDivisor,
      is_clipped: loss.clipRange == nil ? 0 : 1, clip_range: loss.clipRange ?? 0,
      clips_values: loss.valueClipRange == nil ? 0 : 1, value_clip_range: loss.valueClipRange ?? 0,
      scale: loss.scale, value_scale: loss.valueScale, entropy_scale: loss.entropyScale, policy: 0, value: 0,
      entropy: 0, divergence: 0, clipped: 0)
    let place = kernels.pointee.policy_loss(&job)
    precondition(place < 0, "the mask at place \(place) allows none of \(actionCount) actions")
    var sums = PolicyLossSums()
    sums.policy = job.policy
    sums.value = job.value
    sums.entropy = job.entropy
    sums.divergence = job.divergence
    sums.clipped = job.clipped
    return sums
  }
}
