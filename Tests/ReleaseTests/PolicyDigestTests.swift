// A digest names what decides: the same for the same decisions, another for others.

import Inference
import Testing

@testable import Release

@Suite struct PolicyDigestTests {
  private func network(_ parameters: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9], mask: Bool = false, scaling: Double? = nil)
    -> InferencePolicy
  {
    InferencePolicy(
      spec: NetworkSpec(
        inputs: 2, actions: 3, memory: .none, policyTower: [], valueTower: [], activation: .tanh, hasValueHead: false),
      parameters: parameters,
      normalizer: scaling.map { ObservationNormalizer(mean: [0, $0], variance: [1, 1], count: 3) }, requiresMask: mask)
  }

  @Test func whateverDecidesIsInIt() {
    let plain = network().deployed
    let member = { (weight: Int, temperature: Double) in
      DeployedPolicy.Member(name: "m", policy: network(), weight: weight, temperature: temperature)
    }
    var last: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    last[8] = last[8].nextUp
    var others = [
      plain, network(last).deployed, network(mask: true).deployed, network(scaling: 0).deployed,
      network(scaling: 1e-300).deployed,
    ]
    for rule in CombinationRule.allCases {
      for (weight, temperature) in [(1, 1.0), (2, 1.0), (1, 2.0)] {
        others.append(DeployedPolicy(ensemble: [member(weight, temperature)], rule: rule, fallback: nil))
      }
      others.append(DeployedPolicy(ensemble: [member(1, 1)], rule: rule, fallback: 1))
    }
    #expect(Set(others.map(\.decisionDigest)).count == others.count)
    #expect(plain.decisionDigest == network().deployed.decisionDigest && plain.decisionDigest.count == 64)
  }

  /// Names, and how much a normaliser has seen, decide nothing.
  @Test func whatDecidesNothingIsNot() {
    let named = { (name: String) in
      DeployedPolicy(
        ensemble: [.init(name: name, policy: network(), weight: 1)], rule: .allCases[0], fallback: nil)
    }
    #expect(named("a").decisionDigest == named("b").decisionDigest)
  }
}
