// The one shape of experience that forward and backward passes read.

package import Kernels

/// L time steps of n sequences, where they lie: nothing is copied.
///
/// Step t's observations are the contiguous rows (n, D) at `observations + t * observationTimeStride`; `starts` likewise holds one flag a
/// sequence (1: the recurrent state is zeroed before this step). A memoryless batch has L = 1 and no flags.
package struct SequenceBatch: @unchecked Sendable {
  /// L
  package let length: Int
  /// n
  package let count: Int
  package let observations: UnsafeMutablePointer<Float>
  /// Floats between two steps.
  package let observationTimeStride: Int
  /// (L, n) with `startTimeStride` bytes between two steps; nil: no sequence starts anew.
  package let starts: UnsafePointer<UInt8>?
  package let startTimeStride: Int
  /// State before the first step; read only where the network has a memory.
  package let initialState: RecurrentStateRows

  package init(
    length: Int, count: Int, observations: UnsafeMutablePointer<Float>, observationTimeStride: Int,
    starts: UnsafePointer<UInt8>? = nil, startTimeStride: Int = 0,
    initialState: RecurrentStateRows = RecurrentStateRows()
  ) {
    precondition(length >= 1 && count >= 0, "a batch of \(length) steps and \(count) sequences")
    self.length = length
    self.count = count
    self.observations = observations
    self.observationTimeStride = observationTimeStride
    self.starts = starts
    self.startTimeStride = startTimeStride
    self.initialState = initialState
  }

  /// L n
  package var rows: Int { length * count }
}

/// Borrowed recurrent state of consecutive lanes: each (n, H), contiguous. The critic's pair is nil unless it has an LSTM of its own.
package struct RecurrentStateRows: @unchecked Sendable {
  package var actorHidden: UnsafeMutablePointer<Float>?
  package var actorCell: UnsafeMutablePointer<Float>?
  package var criticHidden: UnsafeMutablePointer<Float>?
  package var criticCell: UnsafeMutablePointer<Float>?

  package init(
    actorHidden: UnsafeMutablePointer<Float>? = nil, actorCell: UnsafeMutablePointer<Float>? = nil,
    criticHidden: UnsafeMutablePointer<Float>? = nil, criticCell: UnsafeMutablePointer<Float>? = nil
  ) {
    self.actorHidden = actorHidden
    self.actorCell = actorCell
    self.criticHidden = criticHidden
    self.criticCell = criticCell
  }

  /// The vectors, `count` floats each, one behind the other in `storage` (room for four); all nil where `count` is 0.
  package init(in storage: FloatStorage, count: Int, hasCritic: Bool) {
    precondition(storage.count >= 4 * count, "four vectors of \(count) floats in storage of \(storage.count)")
    self.init()
    guard count > 0 else { return }
    actorHidden = storage.base
    actorCell = storage.base + count
    guard hasCritic else { return }
    criticHidden = storage.base + 2 * count
    criticCell = storage.base + 3 * count
  }

  /// The same from float `offset` on.
  package func advanced(by offset: Int) -> RecurrentStateRows {
    RecurrentStateRows(
      actorHidden: actorHidden.map { $0 + offset }, actorCell: actorCell.map { $0 + offset },
      criticHidden: criticHidden.map { $0 + offset }, criticCell: criticCell.map { $0 + offset })
  }

  /// Copies `count` floats of each vector present in both.
  package func copy(to target: RecurrentStateRows, count: Int) {
    func move(_ from: UnsafeMutablePointer<Float>?, _ to: UnsafeMutablePointer<Float>?) {
      if let from, let to { to.update(from: from, count: count) }
    }
    move(actorHidden, target.actorHidden)
    move(actorCell, target.actorCell)
    move(criticHidden, target.criticHidden)
    move(criticCell, target.criticCell)
  }
}
