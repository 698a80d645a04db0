// What every optimizer offers: a step, and its memory as plain vectors.

package import Kernels

/// A step along gradients, with a memory of blocks of the parameters' layout.
package protocol Optimizer: AnyObject, Sendable {
  /// Its name in files.
  static var name: String { get }
  /// Its memory, (P) each; `isSquare`: means of squares, never below 0.
  var moments: [(name: String, values: FloatStorage, isSquare: Bool)] { get }
  /// Steps taken.
  var stepCount: Int { get set }
  /// One step along the store's gradients times `gradientScale`.
  func step(_ store: ParameterStore, learningRate: Double, gradientScale: Float)
}
