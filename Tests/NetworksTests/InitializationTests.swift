// First values: orthogonality, gains and bounds.

import Inference
import Kernels
import Networks
import Testing

@Suite struct InitializationTests {
  @Test(arguments: [(5, 5), (9, 4), (4, 9), (1, 7), (7, 1), (64, 26)])
  func shorterSideIsOrthonormalTimesGain(rows: Int, columns: Int) {
    var random = RandomStream(seed: 5, purpose: .initialization)
    let gain = 2.0.squareRoot()
    let matrix = Initialization.orthogonal(rows: rows, columns: columns, gain: gain, random: &random)
    let short = min(rows, columns)
    func vector(_ index: Int) -> [Double] {
      rows <= columns
        ? (0..<columns).map { matrix[index * columns + $0] } : (0..<rows).map { matrix[$0 * columns + index] }
    }
    for first in 0..<short {
      for second in 0..<short {
        let product = zip(vector(first), vector(second)).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(product - (first == second ? 2 : 0)) < 1e-12, "\(first), \(second) of \(rows) x \(columns)")
      }
    }
  }

  /// Without the sign fix the first column of Q would always oppose the Gaussian column it was made of.
  @Test func firstColumnPointsAlongItsGaussian() {
    for seed in 0..<8 as Range<UInt64> {
      var random = RandomStream(seed: seed, purpose: .initialization)
      let matrix = Initialization.orthogonal(rows: 6, columns: 3, gain: 1, random: &random)
      var again = RandomStream(seed: seed, purpose: .initialization)
      let gaussian = (0..<18).map { _ in again.nextNormal() }
      let length = (0..<6).reduce(0) { $0 + gaussian[$1 * 3] * gaussian[$1 * 3] }.squareRoot()
      for row in 0..<6 { #expect(abs(matrix[row * 3] - gaussian[row * 3] / length) < 1e-12) }
    }
  }

  @Test func eachTensorFollowsItsRule() throws {
    let spec = NetworkSpec(
      inputs: 5, actions: 3, memory: .lstm(hidden: 16, critic: .none), policyTower: [8], valueTower: [12],
      activation: .tanh, hasValueHead: true)
    let store = ParameterStore(layout: ParameterLayout(spec))
    var random = RandomStream(seed: 1, purpose: .initialization)
    Initialization.initialize(store, spec: spec, random: &random)
    func values(_ name: String) throws -> [Float] {
      try #require(store.layout.entry(name)).range.map { store.values.base[$0] }
    }
    for name in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"] {
      let found = try values("lstm_actor." + name).map(abs)
      #expect(try #require(found.max()) <= 0.25)
      #expect(try #require(found.max()) > 0.2)
    }
    let bound = Float(1 / 5.0.squareRoot())
    #expect(try values("critic.weight").allSatisfy { abs($0) <= bound })
    #expect(try values("critic.bias").contains { $0 != 0 })
    for name in ["mlp_extractor.policy_net.0.bias", "action_net.bias", "value_net.bias"] {
      #expect(try values(name).allSatisfy { $0 == 0 })
    }
    let squares = { (name: String) in try values(name).reduce(0.0) { $0 + Double($1) * Double($1) } }
    // A matrix of k orthonormal rows times a gain has k gain^2 as its sum of squares.
    #expect(abs(try squares("mlp_extractor.policy_net.0.weight") - 16) < 1e-4)
    #expect(abs(try squares("action_net.weight") - 3e-4) < 1e-8)
    #expect(abs(try squares("value_net.weight") - 1) < 1e-5)
  }
}
