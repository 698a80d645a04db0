// The pointwise parts of training, in nanoseconds for one number, unit, row or parameter.

import Kernels

final class PointwiseSubject {
  private struct Kernel {
    let name: String
    let label: String
    /// Of one call.
    let count: Int
    let run: () -> Void
  }

  private var kernels: [Kernel] = []
  private var storages: [FloatStorage] = []
  private var random = RandomStream(seed: 4, purpose: .market)
  private let callSeconds: Double

  init(isQuick: Bool) {
    callSeconds = isQuick ? 0.001 : 0.03
    let count = 4096
    let values = numbers(count)
    kernels.append(
      Kernel(name: "tanh", label: "tanh, one number", count: count) { Elementwise.tanh(values.base, count: count) })
    let exponents = numbers(count)
    kernels.append(
      Kernel(name: "exp", label: "exp, one number", count: count) {
        // What comes out goes in again: kept small, so that it never overflows.
        for index in 0..<count { exponents.base[index] = 0.25 * exponents.base[index] - 0.5 }
        Elementwise.exp(exponents.base, count: count)
      })
    addMemory()
    addSoftmax()
    addAdam()
  }

  /// Nanoseconds, by the metric's name, with its label.
  func measure() -> [(name: String, label: String, nanoseconds: Double)] {
    kernels.map { kernel in
      let seconds = RepeatedCalls.secondsPerCall(lasting: callSeconds, kernel.run)
      return ("pointwise_" + kernel.name, kernel.label, seconds / Double(kernel.count) * 1e9)
    }
  }

  // MARK: Parts

  private func numbers(_ count: Int) -> FloatStorage {
    let storage = FloatStorage(count: count)
    for index in 0..<count { storage.base[index] = 0.5 * Float(random.nextNormal()) }
    storages.append(storage)
    return storage
  }

  private func addMemory() {
    let (rows, hidden) = (32, 64)
    let (gates, gradients) = (numbers(4 * rows * hidden), numbers(4 * rows * hidden))
    let (cell, output, above) = (numbers(rows * hidden), numbers(rows * hidden), numbers(rows * hidden))
    let (cellGradient, bias) = (numbers(rows * hidden), numbers(4 * hidden))
    let panels = LSTMPanels()
    for index in 0..<gates.count { gates.base[index] = min(max(0.5 + 0.2 * gates.base[index], 0.01), 0.99) }
    kernels.append(
      Kernel(name: "lstm_backward", label: "LSTM backward, one unit", count: rows * hidden) {
        panels.backward(
          rows: rows, hidden: hidden, gates: gates.base, cellBefore: cell.base, output: output.base,
          hiddenGradient: above.base, cellGradient: cellGradient.base, gateGradient: gradients.base,
          biasGradient: bias.base)
      })
  }

  private func addSoftmax() {
    let (rows, actions) = (256, 9)
    let (logits, result) = (numbers(rows * actions), numbers(rows * actions))
    let scratch = numbers(2 * actions)
    kernels.append(
      Kernel(name: "softmax", label: "masked softmax, a row of 9", count: rows) {
        for row in 0..<rows {
          MaskedSoftmax.evaluate(
            logits: logits.base + row * actions, mask: 0b1_0111_1011, count: actions, logProbabilities: scratch.base,
            probabilities: scratch.base + actions)
        }
      })
    kernels.append(
      Kernel(name: "policy_gradient", label: "policy gradient, a row of 9", count: rows) {
        for row in 0..<rows {
          MaskedSoftmax.gradient(
            logProbabilities: scratch.base, probabilities: scratch.base + actions, entropy: 1, count: actions,
            action: row % actions, pull: 0.1, entropyScale: 0.01, into: result.base + row * actions)
        }
      })
  }

  private func addAdam() {
    let count = 24_000
    let (parameters, gradients) = (numbers(count), numbers(count))
    let (first, second) = (numbers(count), numbers(count))
    for index in 0..<count { second.base[index] = abs(second.base[index]) }
    kernels.append(
      Kernel(name: "adam", label: "Adam, one parameter", count: count) {
        OptimizerSteps.adam(
          parameters: parameters.base, gradients: gradients.base, firstMoments: first.base,
          secondMoments: second.base, count: count, learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-5,
          step: 10, gradientScale: 1)
      })
  }
}
