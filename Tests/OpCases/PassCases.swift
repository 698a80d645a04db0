// Whole passes of a network, forward and back through time, on every way that the processor has.

import Glibc
package import Inference
import Kernels
package import Networks

extension OpCases {
  /// One pass: a network, how much of what it is given, and how it is drawn.
  package struct Pass: Sendable {
    package let name: String
    package let spec: NetworkSpec
    package let length: Int
    package let count: Int
    /// Of parameters: normal times this, or where `isUniform` uniform times this over the root of the units.
    package let scale: Double
    package let isUniform: Bool
    /// The share of rows in which a sequence starts anew.
    package let startChance: Double
    /// Of the state that sequences begin with.
    package let stateScale: Double
    package let seed: UInt64
  }

  /// Small networks of every kind of critic, layers that need padding and that do not, units with panels and without.
  package static let specs: [NetworkSpec] = NetworkSpec.CriticMemory.allCases.flatMap { critic in
    [
      network(5, 4, 11, critic, [6], [7, 3], .tanh), network(3, 2, 8, critic, [], [], .relu),
      // Layers that need no padding, and one that does.
      network(5, 9, 16, critic, [16, 32], [16, 12], .relu),
      // Units that have panels: one, and three.
      network(5, 4, 16, critic, [], [4], .tanh), network(26, 9, 48, critic, [], [], .tanh),
    ]
  }

  /// Networks whose whole loss is held against differences, with the step to either side of a parameter and the bound of what is found.
  package static let lossSpecs: [(name: String, spec: NetworkSpec)] =
    NetworkSpec.CriticMemory.allCases.flatMap { critic in
      [
        ("lstm \(critic)", network(4, 3, 3, critic, [5], [4, 3], .tanh)),
        ("lstm \(critic) linear heads", network(4, 3, 9, critic, [], [], .tanh)),
        ("lstm \(critic) on panels", network(4, 3, 16, critic, [], [], .tanh)),
      ]
    }
    + NetworkSpec.Activation.allCases.map { ("memoryless \($0)", network(4, 3, 0, nil, [6, 5], [7], $0)) }
    // Heads on layers of sixteen are fused with the loss.
    + NetworkSpec.Activation.allCases.map { ("memoryless \($0) fused", network(4, 3, 0, nil, [6, 16], [16], $0)) }
    + [NetworkSpec.CriticMemory.separate, .sharedJoint, .sharedDetached].map { critic in
      ("lstm \(critic) with fused towers", network(4, 3, 3, critic, [16], [5, 16], .tanh))
    }
    + [("lstm relu", network(4, 3, 3, .separate, [6], [7, 6], .relu))]
  package static let lossStep = 1e-5
  /// float32 sums over about a hundred rows against double precision.
  package static let lossBound = OpBound.ofLargest(1e-5)

  package static func network(
    _ inputs: Int, _ actions: Int, _ hidden: Int, _ critic: NetworkSpec.CriticMemory?, _ policy: [Int], _ value: [Int],
    _ activation: NetworkSpec.Activation
  ) -> NetworkSpec {
    NetworkSpec(
      inputs: inputs, actions: actions,
      memory: critic.map { NetworkSpec.Memory.lstm(hidden: hidden, critic: $0) } ?? NetworkSpec.Memory.none,
      policyTower: policy, valueTower: value, activation: activation, hasValueHead: true)
  }

  // MARK: float32

  static let policies: [OpCase] =
    specs.enumerated().map { index, spec in
      pass(
        Pass(
          name: "pass \(index)", spec: spec, length: 23, count: 9, scale: 0.7, isUniform: false, startChance: 0.15,
          stateScale: 0.5, seed: 21),
        // 1e-5 over up to 23 steps in float32: the bound named for recurrent passes.
        bounds: [
          "logits": .scaled(1e-5), "values": .scaled(1e-5), "cell": .absolute(1e-5), "gradient": .ofLargest(1e-4),
          "states": .absolute(0),
        ])
    }
    + NetworkSpec.Activation.allCases.map { activation in
      // More rows than go through a tower at once: within what two orders of summation may differ by.
      pass(
        Pass(
          name: "towers of \(activation)", spec: network(2, 3, 0, nil, [64, 64], [64, 64], activation), length: 1,
          count: 700, scale: 0.21, isUniform: false, startChance: 0, stateScale: 0, seed: 61),
        bounds: ["logits": .distance(1e-6), "values": .distance(1e-6), "gradient": .distance(2e-6)])
    }
    + TimedPolicy.allCases.map { policy in
      pass(policy.pass, bounds: policy.bounds, timed: policy)
    }

  /// Policies of the standard environment, 26 observations and 9 actions, over a slice as training cuts it.
  package enum TimedPolicy: String, Sendable, CaseIterable {
    case lstm64, lstm32, mlp

    package var label: String {
      switch self {
      case .lstm64: "LSTM 64"
      case .lstm32: "LSTM 32"
      case .mlp: "MLP 64 x 64"
      }
    }

    package var spec: NetworkSpec {
      switch self {
      case .lstm64: OpCases.network(26, 9, 64, .sharedJoint, [], [], .tanh)
      case .lstm32: OpCases.network(26, 9, 32, .sharedJoint, [], [], .tanh)
      case .mlp: OpCases.network(26, 9, 0, nil, [64, 64], [64, 64], .tanh)
      }
    }

    /// The name of a way's metric.
    package func metric(_ kernels: LearnerKernels) -> String { "kernels_\(rawValue)_\(kernels.rawValue)" }

    fileprivate var pass: Pass {
      let lanes = spec.hiddenCount > 0 ? 32 : 4096
      return Pass(
        name: label, spec: spec, length: 4096 / lanes, count: lanes, scale: 1, isUniform: true, startChance: 0,
        stateScale: 0, seed: 5)
    }

    /// float32 sums over 4,096 rows.
    fileprivate var bounds: [String: OpBound] {
      var bounds: [String: OpBound] = [
        "logits": .scaled(1e-5), "values": .scaled(1e-5), "gradient": .ofLargest(1e-4),
      ]
      if spec.hiddenCount > 0 { bounds["cell"] = .absolute(1e-5) }
      return bounds
    }
  }

  /// Both ways of float32, the twin first.
  package static let kernelWays: [LearnerKernels] = [.blas, .fused]

  private static func pass(_ pass: Pass, bounds: [String: OpBound], timed: TimedPolicy? = nil) -> OpCase {
    OpCase(
      "\(pass.name): \(pass.length) x \(pass.count) rows, \(describe(pass.spec))", numbers: { draw(pass) },
      plain: { numbers in exact(pass, numbers).filter { bounds[$0.key] != nil } }, bounds: bounds,
      ways: kernelWays.map { kernels in OpWay(kernels.rawValue) { PassMemory(pass, $0, kernels, nil).whole } },
      timings: timed.map { policy in
        kernelWays.map { kernels in
          OpTiming(
            policy.metric(kernels),
            kernels == .blas ? "passes of \(policy.label), run.kernels=blas" : "  run.kernels=\(kernels.rawValue)",
            .steps, work: pass.length * pass.count
          ) { PassMemory(pass, $0, kernels, nil).repeated }
        }
      } ?? [])
  }

  private static func describe(_ spec: NetworkSpec) -> String {
    let memory =
      spec.hiddenCount > 0
      ? "LSTM \(spec.hiddenCount), critic \(spec.criticMemory.map { "\($0)" } ?? "none")" : "no memory"
    return "\(memory), towers \(spec.policyTower) \(spec.valueTower), \(spec.activation)"
  }

  // MARK: bfloat16

  /// The bounds are those of bfloat16 itself: operands of 8 bits are 2e-3 off on average, whatever the unit.
  static let narrowPolicies: [OpCase] =
    [16, 32, 64, 128].map { hidden in
      let (length, count) = hidden == 128 ? (48, 9) : (128, 16)
      return narrow(
        Pass(
          name: "bfloat16 pass", spec: network(hidden == 32 ? 25 : 26, 9, hidden, .sharedJoint, [], [], .tanh),
          length: length, count: count, scale: 1.5, isUniform: true, startChance: 0.02, stateScale: 0, seed: 61),
        bounds: [
          "hidden": .distance(5e-3), "lstm_actor.weight_ih_l0": .distance(6e-3),
          "lstm_actor.weight_hh_l0": .distance(6e-3), "lstm_actor.bias_ih_l0": .distance(6e-3),
          "memory": .angle(2e-5),
        ])
    }
    // Whatever the critic remembers, and wherever sequences start anew.
    + NetworkSpec.CriticMemory.allCases.map { critic in
      narrow(
        Pass(
          name: "bfloat16 pass", spec: network(7, 9, 48, critic, [], [], .tanh), length: 21, count: 13, scale: 1.5,
          isUniform: true, startChance: 0.1, stateScale: 0.5, seed: 71),
        bounds: ["logits": .distance(6e-3), "whole gradient": .distance(8e-3), "gradient": .angle(3e-5)])
    }

  private static func narrow(_ pass: Pass, bounds: [String: OpBound]) -> OpCase {
    OpCase(
      "\(pass.name): \(pass.length) x \(pass.count) rows, \(describe(pass.spec))", numbers: { draw(pass) },
      plain: { numbers in exact(pass, numbers).filter { bounds[$0.key] != nil } }, bounds: bounds,
      ways: units.map { unit in OpWay("\(unit)") { PassMemory(pass, $0, .automatic, unit).whole } })
  }

  // MARK: Numbers

  private static func draw(_ pass: Pass) -> OpNumbers {
    let (spec, rows) = (pass.spec, pass.length * pass.count)
    var random = RandomStream(seed: pass.seed, purpose: .initialization)
    let parameters = (0..<ParameterLayout(spec).count).map { _ in
      pass.isUniform
        ? Float(
          pass.scale * (2 * random.nextDouble() - 1) / Double(spec.hiddenCount > 0 ? spec.hiddenCount : 64).squareRoot()
        )
        : Float(pass.scale * random.nextNormal())
    }
    random = RandomStream(seed: pass.seed + 1, purpose: .market)
    let observations = OpDraw.normals(rows * spec.inputs, &random, scale: 1)
    var starts = (0..<rows).map { _ in Float(random.nextDouble() < pass.startChance ? 1 : 0) }
    if pass.startChance > 0, pass.length > 9 {
      // Steps without a start, and one where all start.
      for lane in 0..<pass.count { for step in 3..<9 { starts[step * pass.count + lane] = step == 6 ? 1 : 0 } }
    }
    return [
      "parameters": parameters, "observations": observations, "starts": starts,
      "states": OpDraw.normals(4 * pass.count * spec.hiddenCount, &random, scale: pass.stateScale),
      "pulls": OpDraw.normals(rows * (spec.actions + 1), &random, scale: 0.01),
    ]
  }

  /// Outputs, state and gradients in double precision.
  private static func exact(_ pass: Pass, _ numbers: OpNumbers) -> ExactNumbers {
    let (spec, exact) = (pass.spec, numbers.mapValues { $0.map(Double.init) })
    let (rows, width) = (pass.length * pass.count, pass.count * spec.hiddenCount)
    func state(_ index: Int) -> [Double] { Array(exact.vector("states")[index * width..<(index + 1) * width]) }
    let network = ReferenceNetwork(spec)
    let parameters = exact.vector("parameters")
    let tape = network.forward(
      parameters,
      ReferenceNetwork.Rows(
        length: pass.length, count: pass.count, observations: exact.vector("observations"),
        starts: numbers.vector("starts").map { $0 == 1 }, actorHidden: state(0), actorCell: state(1),
        criticHidden: state(2), criticCell: state(3)))
    let pulls = exact.vector("pulls")
    var gradient = [Double](repeating: 0, count: parameters.count)
    network.backward(
      parameters, tape,
      logits: (0..<rows * spec.actions).map { pulls[$0 / spec.actions * (spec.actions + 1) + $0 % spec.actions] },
      values: (0..<rows).map { pulls[$0 * (spec.actions + 1) + spec.actions] }, to: &gradient)
    var result = parts(spec, gradient)
    result["logits"] = tape.logits
    result["values"] = tape.values
    // What a pass begins with, it leaves alone.
    result["states"] = exact.vector("states")
    if let actor = tape.actor {
      result["cell"] = Array(actor.cell.suffix(width))
      result["hidden"] = Array(actor.hidden.suffix(width))
    }
    return result
  }

  /// A gradient as a whole, and by tensors of the memory.
  fileprivate static func parts<Number>(_ spec: NetworkSpec, _ gradient: [Number]) -> [String: [Number]] {
    let layout = ParameterLayout(spec)
    let memory = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"].map { "lstm_actor." + $0 }
    var parts = ["gradient": gradient, "whole gradient": gradient]
    for name in memory { parts[name] = layout.entry(name).map { Array(gradient[$0.range]) } }
    parts["memory"] = memory.flatMap { parts[$0] ?? [] }
    return parts
  }
}

/// A pass on a device with its memory: observations are read at a stride out of more lanes than the pass has.
private final class PassMemory {
  private let pass: OpCases.Pass
  private let device: any LearnerDevice
  private let store: ParameterStore
  private let observations: FencedBuffer
  private let states: FencedBuffer
  private let pulls: [Float]
  private let starts: UnsafeMutableBufferPointer<UInt8>
  private let rowIndices: UnsafeMutableBufferPointer<Int32>
  private var found: OpNumbers = [:]

  /// Lanes beside those of the pass, before and behind them.
  private static let (before, behind) = (3, 2)

  init(
    _ pass: OpCases.Pass, _ numbers: OpNumbers, _ kernels: LearnerKernels, _ unit: BFloat16Unit?,
    on family: DeviceFamily = .cpu
  ) {
    self.pass = pass
    let (spec, lanes) = (pass.spec, pass.count + PassMemory.before + PassMemory.behind)
    store = ParameterStore(layout: ParameterLayout(spec))
    store.values.assign(numbers.vector("parameters"))
    device = family.make(
      DeviceRequest(
        spec: spec, parameters: store, kernels: kernels, bfloat16: unit,
        room: PassRoom(rows: pass.length * pass.count, sequences: pass.count, length: pass.length), sliceLimit: 1))
    var wide = [Float](repeating: .nan, count: pass.length * lanes * spec.inputs)
    starts = .allocate(capacity: pass.length * lanes)
    starts.initialize(repeating: 1)
    let (narrow, flags) = (numbers.vector("observations"), numbers.vector("starts"))
    for step in 0..<pass.length {
      for lane in 0..<pass.count {
        let (from, to) = (step * pass.count + lane, step * lanes + lane + PassMemory.before)
        starts[to] = UInt8(flags[from])
        for column in 0..<spec.inputs { wide[to * spec.inputs + column] = narrow[from * spec.inputs + column] }
      }
    }
    observations = FencedBuffer(wide)
    states = FencedBuffer(numbers.vector("states"))
    pulls = numbers.vector("pulls")
    rowIndices = .allocate(capacity: pass.length * pass.count)
    for row in rowIndices.indices { rowIndices.initializeElement(at: row, to: Int32(row)) }
  }

  deinit {
    starts.deallocate()
    rowIndices.deallocate()
  }

  private var batch: SequenceBatch {
    let (spec, lanes) = (pass.spec, pass.count + PassMemory.before + PassMemory.behind)
    let width = pass.count * spec.hiddenCount
    func state(_ index: Int) -> UnsafeMutablePointer<Float>? { width > 0 ? states.base + index * width : nil }
    return SequenceBatch(
      length: pass.length, count: pass.count, observations: observations.base + PassMemory.before * spec.inputs,
      observationTimeStride: lanes * spec.inputs,
      starts: width > 0 ? starts.baseAddress.map { UnsafePointer($0 + PassMemory.before) } : nil,
      startTimeStride: lanes,
      initialState: RecurrentStateRows(
        actorHidden: state(0), actorCell: state(1), criticHidden: state(2), criticCell: state(3)))
  }

  private var minibatch: WholeBatch { WholeBatch(batch: batch, rowIndices: UnsafeBufferPointer(rowIndices)) }

  /// Outputs, and the gradient for those that the case gives of them.
  var whole: OpCall {
    OpCall(buffers: [observations, states], outputs: { [self] in found }) { [self] in
      let (spec, width) = (pass.spec, pass.count * pass.spec.hiddenCount)
      let outputs = device.forward(batch, parts: .all, worker: 0)
      func copy(_ pointer: UnsafeMutablePointer<Float>?, _ count: Int) -> [Float] {
        pointer.map { Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
      }
      found["logits"] = copy(outputs.logits.base, batch.rows * spec.actions)
      found["values"] = copy(outputs.values, batch.rows)
      found["cell"] = copy(outputs.finalState.actorCell, width)
      found["hidden"] = copy(outputs.finalState.actorHidden, width)
      _ = device.gradient(of: GivenGradient(pulls, hasValue: spec.hasValueHead), on: minibatch)
      device.readBack()
      found["states"] = states.array
      found.merge(OpCases.parts(spec, store.gradients.array)) { $1 }
    }
  }

  /// Forward and back, over and over: what came out is what goes back.
  var repeated: OpCall {
    let minibatch = minibatch
    return OpCall(buffers: [observations, states], outputs: { [self] in ["gradient": store.gradients.array] }) {
      [self] in
      _ = device.gradient(of: OutputsBack(), on: minibatch)
    }
  }
}

/// A loss that hardly does anything: gradients are the outputs themselves, those of values made smaller.
private struct OutputsBack: RowLoss {
  struct Sums: LossSums {
    static func += (left: inout Sums, right: Sums) {}
  }

  func evaluate(
    _ outputs: NetworkOutputs, rowIndices: UnsafePointer<Int32>, scratch: UnsafeMutablePointer<Float>
  ) -> Sums {
    for row in 0..<outputs.logits.rows { outputs.values[row] *= 0.01 }
    return Sums()
  }
}
