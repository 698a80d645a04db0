// How far apart float32 alone lets two right forms of one network lie.

/// What rounding may do to a network's logits, as a share of the magnitude that a row's head adds up.
///
/// A sum of n products lies within n u of the sum of their magnitudes, in whatever order it is taken (Higham 2002, Accuracy and Stability of
/// Numerical Algorithms, section 3.1, to first order); u is half a unit in the last place of 1. A layer takes over the shares of those
/// before it, since no activation is steeper than 1, and adds its own: a bias is one product more, an activation is good to 3 units in
/// the last place (`Elementwise`), and a step of an LSTM has two such in a row, three products and a sum behind its gates.
///
/// It is the floor below which no tolerance may lie. It grows with n, while errors of random sign grow with its root: what a memory carries on from
/// step to step, and what weights above 1 raise on their way to the head, finds room in that.
package struct RoundingFloor: Hashable, Sendable {
  /// Half a unit in the last place of 1: 2^-24.
  package static let unitRoundoff = Double(Float.ulpOfOne) / 2
  private static let activation = 6
  private static let memoryStep = 2 * activation + 4

  /// Products, biases included, that are added up on the longest way from an observation to a logit.
  package let products: Int
  /// Memory, hidden layers and head.
  package let layers: Int
  /// Of the magnitude that the head of a row adds up.
  package let share: Double

  /// The floor of a network's policy; its value function is no part of it.
  package init(_ spec: NetworkSpec) {
    var products = 0
    var roundings = 0
    if spec.hiddenCount > 0 {
      products += spec.inputs + spec.hiddenCount + 2
      roundings += RoundingFloor.memoryStep
    }
    var width = spec.featureCount
    for next in spec.policyTower {
      products += width + 1
      roundings += RoundingFloor.activation
      width = next
    }
    products += width + 1
    self.products = products
    layers = (spec.hiddenCount > 0 ? 1 : 0) + spec.policyTower.count + 1
    share = Double(products + roundings) * RoundingFloor.unitRoundoff
  }
}
