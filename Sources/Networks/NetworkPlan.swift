// A network's tensors by role: offsets into the flat vector and into the derived copies.

package import Inference
package import Kernels

/// Where each layer of a spec finds its tensors. The places in a layer's `way` are in the derived copies.
package struct NetworkPlan: Sendable {
  /// y = x W^T + b.
  struct Linear: Sendable {
    let inputs: Int
    let outputs: Int
    let weight: Int
    let bias: Int
    let way: Way
    /// Place in a worker's scratch for a weight gradient, (inputs, outputs).
    let turned: Int

    /// How rows go forward through the layer.
    enum Way: Sendable {
      /// CBLAS, with the transposed weights (inputs, outputs).
      case library(transposed: Int)
      /// `DenseKernels`, with transposed weights (inputs, stride) and bias (stride), both padded.
      case fused(transposed: Int, stride: Int, bias: Int)
      /// One output without an activation: rows times the weights as they are. As a matrix its column would be padded to sixteen.
      case vector
      /// As one of the `jointHeads`.
      case joint
    }
  }

  /// Policy and value head on the same features, as one product. Places in the derived copies.
  struct JointHeads: Sendable {
    /// (inputs, 16): the logits' columns, the value's behind them, zeros.
    let transposed: Int
    /// (16)
    let bias: Int
    /// (A + 1, inputs)
    let weights: Int
  }

  /// One LSTM layer; both bias vectors are parameters, their sum is derived.
  struct LSTM: Sendable {
    let inputs: Int
    let hidden: Int
    let inputWeight: Int
    let hiddenWeight: Int
    let inputBias: Int
    let hiddenBias: Int
    /// (inputs, 4 hidden); written only without panels.
    let transposedInput: Int
    /// (hidden, 4 hidden); written only without panels.
    let transposedHidden: Int
    /// (4 hidden)
    let biasSum: Int
    /// The weights as `LSTMPanels` reads them; nil where the layer has no panels.
    let panels: Panels?
    /// The weights as `BFloat16Panels` reads them; nil where products are float32.
    let narrow: Narrow?

    struct Panels: Sendable {
      let kernels: LSTMPanels
      let weights: Int
      let bias: Int
      let recurrent: Int
    }

    /// Places of words, and in the derived floats that of the bias.
    struct Narrow: Sendable {
      let panels: BFloat16Panels
      let weights: Int
      let recurrent: Int
      let bias: Int
    }
  }

  package let spec: NetworkSpec
  package let layout: ParameterLayout
  let actorMemory: LSTM?
  let criticMemory: LSTM?
  let criticProjection: Linear?
  let policyTower: [Linear]
  let valueTower: [Linear]
  let actionHead: Linear
  /// Nil where the network has no value function.
  let valueHead: Linear?
  /// Nil where heads go forward one by one.
  let jointHeads: JointHeads?
  /// Whether heads and loss are one pass over rows of 16 columns: an actor and a critic of 2 to 15 actions on fused layers.
  package let fusesLoss: Bool
  /// Floats of a worker's scratch for weight gradients.
  let scratchCount: Int
  /// Floats of the derived copies.
  let derivedCount: Int
  /// 16-bit words of the derived copies.
  let wordCount: Int
  private let linears: [Linear]
  private let memories: [LSTM]

  /// The plan of a network; without a value head its passes leave values alone. `bfloat16`: what multiplies in its memories, where their products are
  /// not float32.
  package init(_ spec: NetworkSpec, kernels: LearnerKernels = .blas, bfloat16: BFloat16Unit? = nil) {
    let kernels = kernels.chosen(for: spec)
    let layout = ParameterLayout(spec)
    var derived = 0
    func take(_ count: Int) -> Int {
      // 16 floats: every derived matrix starts on a cache line.
      defer { derived += (count + 15) / 16 * 16 }
      return derived
    }
    var words = 0
    func takeWords(_ count: Int) -> Int {
      defer { words += (count + 31) / 32 * 32 }
      return words
    }
    var scratch = 0
    func takeScratch(_ count: Int) -> Int {
      defer { scratch += (count + 15) / 16 * 16 }
      return scratch
    }
    func place(_ name: String) -> ParameterLayout.Entry {
      guard let entry = layout.entry(name) else { preconditionFailure("no tensor '\(name)' in the layout") }
      return entry
    }
    let isFused = kernels.dense(bfloat16: bfloat16) != nil
    let (policyWidth, valueWidth) = NetworkPlan.headInputs(spec)
    let fusesLoss =
      isFused && spec.kind == .actorCritic && spec.hasValueHead && (2..<DenseKernels.headColumns).contains(spec.actions)
      && policyWidth % 16 == 0 && valueWidth % 16 == 0 && spec.criticMemory != NetworkSpec.CriticMemory.none
    let sharesFeatures =
      spec.policyTower.isEmpty && spec.valueTower.isEmpty && (spec.hiddenCount == 0 || spec.criticMemory != .separate)
    let joins = fusesLoss && sharesFeatures
    /// isHead: nothing activates its outputs.
    func linear(_ name: String, isHead: Bool = false) -> Linear {
      let weight = place(name + ".weight")
      let (outputs, inputs) = (weight.shape[0], weight.shape[1])
      let way: Linear.Way
      if !isFused {
        way = .library(transposed: take(inputs * outputs))
      } else if isHead, joins {
        way = .joint
      } else if outputs == 1, isHead, inputs % 8 == 0 {
        way = .vector
      } else {
        let stride = DenseKernels.padded(outputs)
        way = .fused(transposed: take(inputs * stride), stride: stride, bias: take(stride))
      }
      return Linear(
        inputs: inputs, outputs: outputs, weight: weight.offset, bias: place(name + ".bias").offset, way: way,
        turned: takeScratch(weight.count))
    }
    let narrowPanels = bfloat16.flatMap {
      spec.hiddenCount > 0 ? BFloat16Panels(unit: $0, inputs: spec.inputs, hidden: spec.hiddenCount) : nil
    }
    func memory(_ name: String) -> LSTM {
      LSTM(
        inputs: spec.inputs, hidden: spec.hiddenCount, inputWeight: place(name + ".weight_ih_l0").offset,
        hiddenWeight: place(name + ".weight_hh_l0").offset, inputBias: place(name + ".bias_ih_l0").offset,
        hiddenBias: place(name + ".bias_hh_l0").offset, transposedInput: take(4 * spec.hiddenCount * spec.inputs),
        transposedHidden: take(4 * spec.hiddenCount * spec.hiddenCount), biasSum: take(4 * spec.hiddenCount),
        panels: (narrowPanels == nil ? kernels.panels(hidden: spec.hiddenCount) : nil).map {
          LSTM.Panels(
            kernels: $0, weights: take(LSTMPanels.weightCount(inputs: spec.inputs, hidden: spec.hiddenCount)),
            bias: take(4 * spec.hiddenCount), recurrent: take(4 * spec.hiddenCount * spec.hiddenCount))
        },
        narrow: narrowPanels.map {
          LSTM.Narrow(
            panels: $0, weights: takeWords($0.weightCount), recurrent: takeWords($0.recurrentCount),
            bias: take(4 * spec.hiddenCount))
        })
    }
    self.spec = spec
    self.layout = layout
    actorMemory = spec.hiddenCount > 0 ? memory("lstm_actor") : nil
    criticMemory = spec.criticMemory == .separate ? memory("lstm_critic") : nil
    criticProjection = spec.criticMemory == NetworkSpec.CriticMemory.none ? linear("critic") : nil
    policyTower = spec.policyTower.indices.map { linear(spec.policyLayerName($0)) }
    valueTower = spec.hasValueHead ? spec.valueTower.indices.map { linear(spec.valueLayerName($0)) } : []
    actionHead = linear(spec.actionHeadName, isHead: true)
    valueHead = spec.hasValueHead ? linear(spec.valueHeadName, isHead: true) : nil
    self.fusesLoss = fusesLoss
    jointHeads =
      joins
      ? JointHeads(
        transposed: take(policyWidth * DenseKernels.headColumns), bias: take(DenseKernels.headColumns),
        weights: take((spec.actions + 1) * policyWidth)) : nil
    derivedCount = derived
    wordCount = words
    linears =
      [criticProjection].compactMap { $0 } + policyTower + valueTower + [actionHead, valueHead].compactMap { $0 }
    scratchCount = scratch
    memories = [actorMemory, criticMemory].compactMap { $0 }
  }

  /// Columns that the policy's and the value function's head read.
  private static func headInputs(_ spec: NetworkSpec) -> (policy: Int, value: Int) {
    let features = spec.hiddenCount > 0 ? spec.hiddenCount : spec.inputs
    return (spec.policyTower.last ?? features, spec.valueTower.last ?? features)
  }

  /// Writes the transposed weights and summed biases of `values` (P) into `derived`, whose padding is zero, and the bfloat16 ones into `words`.
  func derive(
    from values: UnsafeMutablePointer<Float>, into derived: UnsafeMutablePointer<Float>,
    words: UnsafeMutablePointer<UInt16>
  ) {
    func transpose(_ source: Int, rows: Int, columns: Int, to target: Int, stride: Int) {
      MatrixTurn.write(
        MatrixView(base: values + source, rows: rows, columns: columns),
        into: MatrixView(base: derived + target, rows: columns, columns: rows, rowStride: stride))
    }
    for layer in linears {
      switch layer.way {
      case .library(let transposed):
        transpose(layer.weight, rows: layer.outputs, columns: layer.inputs, to: transposed, stride: layer.outputs)
      case .fused(let transposed, let stride, let bias):
        transpose(layer.weight, rows: layer.outputs, columns: layer.inputs, to: transposed, stride: stride)
        (derived + bias).update(from: values + layer.bias, count: layer.outputs)
      case .vector, .joint: break
      }
    }
    if let joint = jointHeads, let valueHead {
      func place(_ head: Linear, at first: Int) {
        transpose(
          head.weight, rows: head.outputs, columns: head.inputs, to: joint.transposed + first,
          stride: DenseKernels.headColumns)
        (derived + joint.bias + first).update(from: values + head.bias, count: head.outputs)
        (derived + joint.weights + first * head.inputs).update(
          from: values + head.weight, count: head.outputs * head.inputs)
      }
      place(actionHead, at: 0)
      place(valueHead, at: actionHead.outputs)
    }
    for memory in memories {
      let gates = 4 * memory.hidden
      for gate in 0..<gates {
        derived[memory.biasSum + gate] = values[memory.inputBias + gate] + values[memory.hiddenBias + gate]
      }
      if let narrow = memory.narrow {
        narrow.panels.pack(
          inputWeight: values + memory.inputWeight, hiddenWeight: values + memory.hiddenWeight,
          biases: derived + memory.biasSum, weights: words + narrow.weights, biasSum: derived + narrow.bias,
          recurrent: words + narrow.recurrent)
        continue
      }
      guard let panels = memory.panels else {
        transpose(
          memory.inputWeight, rows: gates, columns: memory.inputs, to: memory.transposedInput, stride: gates)
        transpose(
          memory.hiddenWeight, rows: gates, columns: memory.hidden, to: memory.transposedHidden, stride: gates)
        continue
      }
      panels.kernels.pack(
        inputs: memory.inputs, hidden: memory.hidden, inputWeight: values + memory.inputWeight,
        hiddenWeight: values + memory.hiddenWeight, biases: derived + memory.biasSum,
        weights: derived + panels.weights, biasSum: derived + panels.bias, recurrent: derived + panels.recurrent)
    }
  }
}
