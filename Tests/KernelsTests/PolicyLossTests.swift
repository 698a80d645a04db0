// The loss on rows of heads, of every instruction set, against double precision.

import Glibc
import Kernels
import OpCases
import Testing

/// Rows with everything that a loss reads, some of them padding.
private struct LossCase {
  let actionCount: Int
  let rows: Int
  let heads: [Float]
  let places: [Int32]
  let masks: [UInt64]
  let actions: [Int32]
  let logProbabilities: [Float]
  let advantages: [Float]
  let returns: [Float]
  let values: [Float]

  init(actionCount: Int, rows: Int) {
    var random = RandomStream(seed: 7, purpose: .market, lane: UInt32(actionCount))
    func normals(_ count: Int, _ scale: Double = 1) -> [Float] {
      (0..<count).map { _ in Float(scale * random.nextNormal()) }
    }
    self.actionCount = actionCount
    self.rows = rows
    heads = normals(rows * DenseKernels.headColumns, 3)
    places = (0..<rows).map { $0 % 7 == 3 ? -1 : Int32(rows - 1 - $0) }
    let all = (UInt64(1) << UInt64(actionCount)) - 1
    masks = (0..<rows).map { _ in
      let mask = random.next() & all
      return mask == 0 ? all : mask
    }
    actions = masks.map { mask in Int32((0..<actionCount).last { mask & 1 << UInt64($0) != 0 } ?? 0) }
    // Ratios on both sides of the clip range.
    logProbabilities = normals(rows).map { -0.2 - abs($0) }
    (advantages, returns, values) = (normals(rows), normals(rows), normals(rows))
  }

  func run(_ loss: PolicyLoss, _ kernels: DenseKernels, isMasked: Bool, heads: UnsafeMutablePointer<Float>)
    -> PolicyLossSums
  {
    places.withUnsafeBufferPointer { places in
      masks.withUnsafeBufferPointer { masks in
        actions.withUnsafeBufferPointer { actions in
          logProbabilities.withUnsafeBufferPointer { logProbabilities in
            advantages.withUnsafeBufferPointer { advantages in
              returns.withUnsafeBufferPointer { returns in
                values.withUnsafeBufferPointer { values in
                  kernels.policyLoss(
                    loss, heads: MatrixView(base: heads, rows: rows, columns: DenseKernels.headColumns),
                    actionCount: actionCount, places: places.baseAddress!,
                    of: PolicyRows(
                      masks: isMasked ? masks.baseAddress! : nil, actions: actions.baseAddress!,
                      logProbabilities: logProbabilities.baseAddress!, advantages: advantages.baseAddress!,
                      returns: returns.baseAddress!, values: values.baseAddress!))
                }
              }
            }
          }
        }
      }
    }
  }

  /// The gradient of a row's logits and value, and what it adds to the sums.
  func exact(_ loss: PolicyLoss, row: Int, isMasked: Bool, _ sums: inout PolicyLossSums) -> [Double] {
    guard places[row] >= 0 else { return [Double](repeating: 0, count: actionCount + 1) }
    let place = Int(places[row])
    let logits = (0..<actionCount).map { Double(heads[row * DenseKernels.headColumns + $0]) }
    let legal = (0..<actionCount).filter { !isMasked || masks[place] & 1 << UInt64($0) != 0 }
    let logSum = log(legal.map { exp(logits[$0]) }.reduce(0, +))
    let logs = logits.map { $0 - logSum }
    let entropy = -legal.map { exp(logs[$0]) * logs[$0] }.reduce(0, +)
    let taken = Int(actions[place])
    let advantage = (Double(advantages[place]) - Double(loss.advantageMean)) / Double(loss.advantageDivisor)
    var pull = -advantage * Double(loss.scale)
    if let clip = loss.clipRange.map(Double.init) {
      let change = logs[taken] - Double(logProbabilities[place])
      let ratio = exp(change)
      let (plain, limited) = (advantage * ratio, advantage * min(max(ratio, 1 - clip), 1 + clip))
      sums.policy -= min(plain, limited)
      sums.divergence += ratio - 1 - change
      sums.clipped += abs(ratio - 1) > clip ? 1 : 0
      pull = plain <= limited ? -plain * Double(loss.scale) : 0
    } else {
      sums.policy -= advantage * logs[taken]
    }
    sums.entropy += entropy
    var gradient = [Double](repeating: 0, count: actionCount + 1)
    for action in legal {
      let probability = exp(logs[action])
      gradient[action] =
        -probability * pull + Double(loss.entropyScale) * probability * (logs[action] + entropy)
        + (action == taken ? pull : 0)
    }
    let value = Double(heads[row * DenseKernels.headColumns + actionCount])
    var error = value - Double(returns[place])
    var passes = true
    if let range = loss.valueClipRange.map(Double.init) {
      let difference = value - Double(values[place])
      error = Double(values[place]) + min(max(difference, -range), range) - Double(returns[place])
      passes = abs(difference) <= range
    }
    sums.value += error * error
    gradient[actionCount] = passes ? Double(loss.valueScale) * error : 0
    return gradient
  }
}

struct PolicyLossTests {
  private static let clipped = PolicyLoss(
    clipRange: 0.2, valueClipRange: 0.4, advantageMean: 0.1, advantageDivisor: 1.3, scale: 0.01, valueScale: 0.02,
    entropyScale: 0.003)
  private static let plain = PolicyLoss(
    clipRange: nil, valueClipRange: nil, advantageMean: -0.2, advantageDivisor: 0.7, scale: 0.01, valueScale: 0.02,
    entropyScale: 0.003)

  @Test(arguments: OpCases.levels, [1, 2, 9, 15])
  func `loss and gradient agree with double precision`(level: InstructionSet, actionCount: Int) {
    let rows = LossCase(actionCount: actionCount, rows: 101)
    let kernels = DenseKernels(level: level)
    for (loss, isMasked) in [(PolicyLossTests.clipped, true), (PolicyLossTests.plain, false)] {
      let columns = DenseKernels.headColumns
      let heads = FencedBuffer(rows.heads + [Float](repeating: .nan, count: (112 - rows.rows) * columns))
      let sums = rows.run(loss, kernels, isMasked: isMasked, heads: heads.base)
      #expect(heads.isIntact)
      var exact = PolicyLossSums()
      for row in 0..<rows.rows {
        let gradient = rows.exact(loss, row: row, isMasked: isMasked, &exact)
        for column in 0..<columns {
          let found = Double(heads.array[row * columns + column])
          let expected = column <= actionCount ? gradient[column] : 0
          #expect(abs(found - expected) <= 2e-5 * abs(expected) + 2e-8, "row \(row), column \(column)")
        }
      }
      for (found, expected) in [
        (sums.policy, exact.policy), (sums.value, exact.value), (sums.entropy, exact.entropy),
        (sums.divergence, exact.divergence), (sums.clipped, exact.clipped),
      ] { #expect(abs(found - expected) <= 1e-5 * max(1, abs(expected))) }
    }
  }

  @Test(arguments: OpCases.levels) func `a row's gradient is its own`(level: InstructionSet) {
    let rows = LossCase(actionCount: 9, rows: 48)
    let kernels = DenseKernels(level: level)
    let columns = DenseKernels.headColumns
    let together = FloatStorage(rows.heads)
    _ = rows.run(PolicyLossTests.clipped, kernels, isMasked: true, heads: together.base)
    // Other neighbours: every head but one is another number.
    for kept in [0, 5, 17, 47] {
      var heads = rows.heads.map { $0 + 1 }
      heads.replaceSubrange(
        kept * columns..<(kept + 1) * columns, with: rows.heads[kept * columns..<(kept + 1) * columns])
      let other = FloatStorage(heads)
      _ = rows.run(PolicyLossTests.clipped, kernels, isMasked: true, heads: other.base)
      #expect(
        together.array[kept * columns..<(kept + 1) * columns] == other.array[kept * columns..<(kept + 1) * columns])
    }
  }

  @Test(arguments: OpCases.levels) func `numbers that are not finite surface`(level: InstructionSet) {
    let rows = LossCase(actionCount: 9, rows: 16)
    for (column, isPolicy) in [(4, true), (9, false)] {
      let heads = FloatStorage(rows.heads)
      heads.base[column] = .nan
      let sums = rows.run(PolicyLossTests.plain, DenseKernels(level: level), isMasked: false, heads: heads.base)
      #expect(isPolicy ? sums.entropy.isNaN : sums.value.isNaN)
      #expect(heads.base[column].isNaN)
    }
  }
}
