// Records that say what no run ever saved.

import AgentInterface

extension StateRecord {
  /// One vector becomes absent, shorter, longer, another or absurd.
  mutating func damage(_ mutator: inout Mutator) {
    switch mutator.below(3) {
    case 0:
      StateRecord.change(&floats, &mutator) { mutator in
        mutator.pick([
          .nan, .infinity, -.infinity, 0, -0.0, 1e30, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.5, -1,
        ])
      }
    case 1:
      StateRecord.change(&doubles, &mutator) { mutator in
        mutator.pick([
          .nan, .infinity, -.infinity, 0, -0.0, 1e300, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.5, -1,
          0x1p63,
        ])
      }
    default:
      StateRecord.change(&integers, &mutator) { mutator in
        mutator.pick([
          .min, .max, .min + 1, .max - 1, -1, 0, 1, 2, 3, 5, 9, 31, 32, 33, 63, 64, 65, 128, 1 << 31, 1 << 32, 1 << 41,
          1 << 62, Int64(mutator.below(2000)),
        ])
      }
    }
  }

  private static func change<Element>(
    _ vectors: inout [String: [Element]], _ mutator: inout Mutator, _ absurd: (inout Mutator) -> Element
  ) {
    guard !vectors.isEmpty else { return }
    let name = mutator.pick(vectors.keys.sorted())
    guard var values = vectors[name] else { return }
    switch mutator.below(8) {
    case 0: vectors[name] = nil
    case 1: vectors[name] = Array(values.dropLast(1 + mutator.below(3)))
    case 2: vectors[name] = values + [absurd(&mutator)]
    case 3:
      let one = absurd(&mutator)
      vectors[name] = values.map { _ in one }
    case 4:
      if values.count > 1 { values.swapAt(mutator.below(values.count), mutator.below(values.count)) }
      vectors[name] = values
    default:
      if !values.isEmpty { values[mutator.below(values.count)] = absurd(&mutator) }
      vectors[name] = values
    }
  }
}
