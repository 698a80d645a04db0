// The table behind `run.kernels=auto`, own kernels against their twin, and what is said of both.

import Inference
import Kernels
import Networks
import Testing

@Suite struct KernelTableTests {
  static let specs: [NetworkSpec] =
    [
      NetworkSpec(
        inputs: 26, actions: 9, memory: .none, policyTower: [64, 64], valueTower: [64, 64], activation: .tanh,
        hasValueHead: true),
      NetworkSpec(
        inputs: 5, actions: 3, memory: .none, policyTower: [40, 7], valueTower: [], activation: .relu,
        hasValueHead: false, kind: .actionValues),
      NetworkSpec(
        inputs: 4, actions: 4, memory: .none, policyTower: [16], valueTower: [16], activation: .relu,
        hasValueHead: true, kind: .dueling),
      NetworkSpec(
        inputs: 7, actions: 9, memory: .lstm(hidden: 24, critic: .separate), policyTower: [16], valueTower: [],
        activation: .tanh, hasValueHead: true),
    ]
    + NetworkSpec.CriticMemory.allCases.map {
      NetworkSpec(
        inputs: 26, actions: 9, memory: .lstm(hidden: 64, critic: $0), policyTower: [], valueTower: [],
        activation: .tanh, hasValueHead: true)
    }

  /// Every class and shape has one row, which says what was found; what is chosen is never `auto` again.
  @Test func theTableIsWhole() {
    for level in InstructionSet.allCases {
      for shape in KernelTable.Shape.allCases {
        let rows = KernelTable.rows.filter { $0.level == level && $0.shape == shape }
        #expect(rows.count == 1 && rows[0].kernels != .automatic && rows[0].measured.count > 20, "\(level), \(shape)")
      }
    }
    #expect(KernelTable.rows.count == InstructionSet.allCases.count * KernelTable.Shape.allCases.count)
    for spec in Self.specs {
      let row = KernelTable.rows.first { $0.level == .processor && $0.shape == KernelTable.Shape(spec) }
      #expect(LearnerKernels.automatic.chosen(for: spec) == row?.kernels)
      for kernels in [LearnerKernels.blas, .fused] { #expect(kernels.chosen(for: spec) == kernels) }
    }
    #expect(
      Self.specs.map { KernelTable.Shape($0).rawValue }[...4] == [
        "towers", "towers", "towers", "other memory", "panels",
      ])
  }

  /// `auto` is what the table says, to the bit: the outputs of its passes are those of the kernels that it names.
  @Test(arguments: specs) func automaticIsTheChosenOne(spec: NetworkSpec) {
    let chosen = LearnerKernels.automatic.chosen(for: spec)
    let (one, other) = (KernelTwins.outcome(spec, .automatic, nil), KernelTwins.outcome(spec, chosen, nil))
    #expect(one.outputs == other.outputs && one.gradients == other.gradients)
    #expect(LearnerKernels.automatic.name(for: spec, bfloat16: nil) == chosen.name(for: spec, bfloat16: nil))
    for kernels in [LearnerKernels.blas, .fused] {
      #expect(LearnerKernels(named: kernels.name(for: spec, bfloat16: nil)) == kernels)
    }
  }

  @Test(arguments: specs) func twinsAgree(spec: NetworkSpec) {
    #expect(KernelTwins.difference(spec) == nil)
    guard KernelTable.Shape(spec) == .panels else { return }
    for unit in [BFloat16Unit.portable, .processor].compactMap({ $0 }) {
      #expect(KernelTwins.difference(spec, bfloat16: unit) == nil, "\(unit)")
    }
  }

  /// One wrong number of either kind, and one that is none.
  @Test func aWrongTwinIsFound() {
    let right = KernelTwins.outcome(Self.specs[4], .blas, nil)
    #expect(KernelTwins.difference(right, right) == nil)
    for (index, wrong) in [Float(0.5), .nan, .infinity].enumerated() {
      var outputs = right
      outputs.outputs[index] += wrong
      #expect(KernelTwins.difference(outputs, right)?.hasPrefix("outputs differ") == true)
      var gradients = right
      gradients.gradients[gradients.gradients.count - 1 - index] += wrong
      #expect(KernelTwins.difference(gradients, right)?.hasPrefix("gradients differ") == true)
    }
    var short = right
    short.outputs.removeLast()
    #expect(KernelTwins.difference(short, right) != nil)
    // Rounding is no difference.
    var rounded = right
    rounded.outputs[0] *= 1 + 4 * .ulpOfOne
    #expect(KernelTwins.difference(rounded, right) == nil)
  }

  @Test func theWorkIsNamed() {
    let library = "OpenBLAS \(MatrixProduct.libraryInformation.core)"
    let own = "own kernels \(InstructionSet.processor)"
    for spec in Self.specs {
      #expect(LearnerKernels.blas.products(for: spec, bfloat16: nil) == library)
      let fused = LearnerKernels.fused.products(for: spec, bfloat16: nil)
      let isOther = KernelTable.Shape(spec) == .otherMemory
      #expect(
        fused == (isOther ? "\(own), the memory's by \(library), since its 24 units are no multiple of 16" : own))
    }
    #expect(
      LearnerKernels.fused.products(for: Self.specs[4], bfloat16: .amx) == "\(own), the memory's in bfloat16 (AMX-BF16)"
    )
  }
}
