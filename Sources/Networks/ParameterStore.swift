// All parameters of a network in one block, all gradients in another.

package import Inference
package import Kernels

/// Parameters and gradients as two blocks of the same layout. Save, load, average, clip and step: one pass each.
package final class ParameterStore: @unchecked Sendable {
  package let layout: ParameterLayout
  /// (P)
  package let values: FloatStorage
  /// (P)
  package let gradients: FloatStorage

  /// A store of zeros.
  package init(layout: ParameterLayout) {
    self.layout = layout
    values = FloatStorage(count: layout.count)
    gradients = FloatStorage(count: layout.count)
    values.fill(0)
    gradients.fill(0)
  }

  /// The first value of the tensor of that name. Traps if there is none: names come from the layout's own spec.
  package func values(of name: String) -> UnsafeMutablePointer<Float> {
    guard let entry = layout.entry(name) else { preconditionFailure("no tensor '\(name)' in the layout") }
    return values.base + entry.offset
  }
}
