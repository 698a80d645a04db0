// One time row of experience, as the memory that a step writes.

package import Kernels

/// One time row, structure of arrays. The pointers are the rollout's own memory: a step writes where it will be read.
///
/// After `step`, `observations` and `masks` hold the *next* decision's view (after auto-reset where an episode ended), while
/// `rewards`, `terminated` and `truncated` describe the transition just made. `observations` may therefore belong to row t + 1
/// and the flags to row t.
package struct StepBuffers: @unchecked Sendable {
  /// (N, D) after auto-reset.
  package let observations: MatrixView
  /// (N, D) the ended episode's last observation; written where truncated, else untouched.
  package let finalObservations: MatrixView
  /// (N)
  package let rewards: UnsafeMutablePointer<Float>
  /// (N) 1 where the episode ended by its own rules: the value after it is 0.
  package let terminated: UnsafeMutablePointer<UInt8>
  /// (N) 1 where we stopped looking: bootstrap from `finalObservations`. Never together with `terminated`.
  package let truncated: UnsafeMutablePointer<UInt8>
  /// (N) legality in `observations`.
  package let masks: MaskRows
  /// (N) legality in `finalObservations`; written where truncated, else untouched.
  package let finalMasks: MaskRows

  package init(
    observations: MatrixView, finalObservations: MatrixView, rewards: UnsafeMutablePointer<Float>,
    terminated: UnsafeMutablePointer<UInt8>, truncated: UnsafeMutablePointer<UInt8>,
    masks: MaskRows, finalMasks: MaskRows
  ) {
    self.observations = observations
    self.finalObservations = finalObservations
    self.rewards = rewards
    self.terminated = terminated
    self.truncated = truncated
    self.masks = masks
    self.finalMasks = finalMasks
  }
}
