// Heads fused with their loss against the plain loss, before a run begins.

import Algorithms
import Inference
import Kernels
import Networks
import Testing

struct LossTwinsTests {
  private static func network(_ memory: NetworkSpec.Memory, _ tower: [Int], actions: Int = 9) -> NetworkSpec {
    NetworkSpec(
      inputs: 26, actions: actions, memory: memory, policyTower: tower, valueTower: tower, activation: .tanh,
      hasValueHead: true)
  }

  static let specs = [
    network(.lstm(hidden: 32, critic: .sharedJoint), []), network(.lstm(hidden: 16, critic: .sharedDetached), []),
    network(.lstm(hidden: 16, critic: .separate), []), network(.lstm(hidden: 16, critic: .sharedJoint), [32, 16]),
    network(.none, [64, 64]), network(.none, [16], actions: 15), network(.none, [16], actions: 2),
  ]

  @Test(arguments: specs) func `fused and plain agree`(spec: NetworkSpec) {
    #expect(NetworkPlan(spec, kernels: .fused).fusesLoss)
    #expect(LossTwins.difference(spec) == nil)
    if let unit = BFloat16Unit.processor, spec.hiddenCount > 0 {
      #expect(LossTwins.difference(spec, bfloat16: unit) == nil)
    }
    let plain = LossTwins.outcome(spec, .blas, nil)
    #expect(plain.gradients.contains { $0 != 0 })
  }

  @Test func `other shapes keep the plain road`() {
    for spec in [
      Self.network(.none, [64], actions: 16), Self.network(.none, [64], actions: 1), Self.network(.none, [20]),
      Self.network(.lstm(hidden: 20, critic: .separate), []),
      Self.network(.lstm(hidden: 16, critic: .none), [16]),
    ] {
      #expect(!NetworkPlan(spec, kernels: .fused).fusesLoss)
      #expect(LossTwins.difference(spec) == nil)
    }
    #expect(!NetworkPlan(Self.network(.none, [64]), kernels: .blas).fusesLoss)
  }
}
