// Everything that must survive a kill, as plain data.

/// Named vectors of three kinds. Environments, algorithms, normalisers and the collector turn themselves into one and back.
/// Names are lower_snake_case and may hold `/` for one level of grouping.
package struct StateRecord: Sendable, Equatable {
  package var floats: [String: [Float]]
  package var doubles: [String: [Double]]
  package var integers: [String: [Int64]]

  package init(floats: [String: [Float]] = [:], doubles: [String: [Double]] = [:], integers: [String: [Int64]] = [:]) {
    self.floats = floats
    self.doubles = doubles
    self.integers = integers
  }

  /// The vector of that name, or a `RestoreError` that names it. `count` nil accepts any length.
  package func floats(_ name: String, count: Int? = nil) throws(RestoreError) -> [Float] {
    try StateRecord.vector(floats[name], name, count)
  }

  package func doubles(_ name: String, count: Int? = nil) throws(RestoreError) -> [Double] {
    try StateRecord.vector(doubles[name], name, count)
  }

  package func integers(_ name: String, count: Int? = nil) throws(RestoreError) -> [Int64] {
    try StateRecord.vector(integers[name], name, count)
  }

  /// Takes another record's vectors in, their names behind `prefix`.
  package mutating func merge(_ other: StateRecord, below prefix: String) {
    for (name, vector) in other.floats { floats[prefix + name] = vector }
    for (name, vector) in other.doubles { doubles[prefix + name] = vector }
    for (name, vector) in other.integers { integers[prefix + name] = vector }
  }

  /// The vectors whose names begin with `prefix`, without it.
  package func part(below prefix: String) -> StateRecord {
    func taken<Element>(_ vectors: [String: [Element]]) -> [String: [Element]] {
      Dictionary(
        uniqueKeysWithValues: vectors.filter { $0.key.hasPrefix(prefix) }.map {
          (String($0.key.dropFirst(prefix.count)), $0.value)
        })
    }
    return StateRecord(floats: taken(floats), doubles: taken(doubles), integers: taken(integers))
  }

  private static func vector<Element>(_ found: [Element]?, _ name: String, _ count: Int?) throws(RestoreError)
    -> [Element]
  {
    guard let found else { throw .missing(name) }
    if let count, found.count != count { throw .wrongLength(name: name, expected: count, found: found.count) }
    return found
  }
}

/// Why a state could not be taken back. `invalid` is for values that no run can have produced.
package enum RestoreError: Error, Equatable, CustomStringConvertible {
  case missing(String)
  case wrongLength(name: String, expected: Int, found: Int)
  case invalid(name: String, reason: String)

  package var description: String {
    switch self {
    case .missing(let name): "the saved state has no '\(name)'"
    case .wrongLength(let name, let expected, let found):
      "the saved state's '\(name)' holds \(found) values where \(expected) are needed"
    case .invalid(let name, let reason): "the saved state's '\(name)' is not usable: \(reason)"
    }
  }
}

/// Saved with `snapshot`, taken back with `restore`: afterwards the two are indistinguishable, to the bit.
package protocol Resumable {
  func snapshot() -> StateRecord
  func restore(_ state: StateRecord) throws(RestoreError)
}
