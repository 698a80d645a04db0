// What the algorithms' saved states have in common: checked vectors, and the optimizer's memory.

package import AgentInterface
import Kernels
package import Networks

extension StateRecord {
  /// `count` numbers, all finite.
  package func finiteFloats(_ name: String, count: Int) throws(RestoreError) -> [Float] {
    let values = try floats(name, count: count)
    guard values.allSatisfy(\.isFinite) else { throw .invalid(name: name, reason: "not finite") }
    return values
  }

  /// A single whole number, not negative.
  package func natural(_ name: String) throws(RestoreError) -> Int {
    let value = try integers(name, count: 1)[0]
    guard value >= 0, let result = Int(exactly: value) else {
      throw .invalid(name: name, reason: "\(value) is not a count")
    }
    return result
  }

  /// Masks that allow something of every factor, and nothing beyond.
  package func masks(_ name: String, count: Int, factors: ActionFactors) throws(RestoreError) -> [ActionMask] {
    let words = factors.maskWords
    let found = try integers(name, count: count * words)
    let masks = (0..<count).map { row in
      ActionMask(words: words) { UInt64(bitPattern: found[row * words + $0]) }
    }
    let legal = ActionMask.all(count: factors.count)
    guard masks.allSatisfy({ factors.emptyFactor(of: $0) == nil && $0.isWithin(legal) }) else {
      throw .invalid(name: name, reason: "no legal action, or one beyond the \(factors.count) actions")
    }
    return masks
  }

  package func flags(_ name: String, count: Int) throws(RestoreError) -> [UInt8] {
    let flags = try integers(name, count: count)
    guard flags.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw .invalid(name: name, reason: "a flag other than 0 and 1")
    }
    return flags.map { UInt8($0) }
  }

  /// Refuses the state of a run from another seed.
  package func requireSeed(_ seed: UInt64) throws(RestoreError) {
    let saved = try integers("random/seed", count: 1)[0]
    guard saved == Int64(bitPattern: seed) else {
      throw .invalid(name: "random/seed", reason: "it is \(UInt64(bitPattern: saved)), this run's seed is \(seed)")
    }
  }
}

/// An optimizer's memory, checked and ready to be taken back.
package struct OptimizerState {
  private let moments: [[Float]]
  private let stepCount: Int

  package static func save(_ optimizer: any Optimizer, to state: inout StateRecord) {
    for moment in optimizer.moments { state.floats["optimizer/" + moment.name] = moment.values.array }
    state.integers["optimizer/step"] = [Int64(optimizer.stepCount)]
  }

  package init(_ state: StateRecord, for optimizer: any Optimizer, parameterCount: Int) throws(RestoreError) {
    var moments: [[Float]] = []
    for (name, _, isSquare) in optimizer.moments {
      let values = try state.finiteFloats("optimizer/" + name, count: parameterCount)
      guard !isSquare || values.allSatisfy({ $0 >= 0 }) else {
        throw .invalid(name: "optimizer/" + name, reason: "a mean of squares below 0")
      }
      moments.append(values)
    }
    self.moments = moments
    stepCount = try state.natural("optimizer/step")
  }

  package func take(to optimizer: any Optimizer) {
    for (moment, values) in zip(optimizer.moments, moments) { moment.values.assign(values) }
    optimizer.stepCount = stepCount
  }
}
