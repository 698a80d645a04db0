// Golden numbers as tensors with tolerances, and what a failed comparison says.

package import Text

/// A named part of a golden file. Every look-up of something that is not there throws an error that says what and where.
package struct Golden: Sendable {
  /// Where this part lies, for example `ppo_base/forward`.
  package let place: String
  package let json: JSON

  /// The whole of `Tests/Fixtures/Golden/<name>.json`.
  package init(_ name: String) throws {
    place = name
    json = try JSON.parse(Array(GoldenFile.data(name)))
  }

  private init(place: String, json: JSON) {
    self.place = place
    self.json = json
  }

  /// The part under a key.
  package func part(_ key: String) throws -> Golden {
    guard let found = json[key] else { throw GoldenError(place: place, reason: "has no '\(key)'") }
    return Golden(place: place + "/" + key, json: found)
  }

  /// Whether there is a part of that name, other than null.
  package func has(_ key: String) -> Bool { json[key].map { !$0.isNull } ?? false }

  /// The names of the parts, sorted.
  package var keys: [String] {
    if case .object(let members) = json { members.keys.sorted() } else { [] }
  }

  package func number(_ key: String) throws -> Double {
    guard let found = json[key]?.doubleValue else { throw GoldenError(place: place, reason: "has no number '\(key)'") }
    return found
  }

  package func integer(_ key: String) throws -> Int {
    guard let found = json[key]?.integerValue else {
      throw GoldenError(place: place, reason: "has no integer '\(key)'")
    }
    return found
  }

  package func flag(_ key: String) throws -> Bool {
    guard let found = json[key]?.boolValue else { throw GoldenError(place: place, reason: "has no flag '\(key)'") }
    return found
  }

  package func text(_ key: String) throws -> String {
    guard let found = json[key]?.stringValue else { throw GoldenError(place: place, reason: "has no text '\(key)'") }
    return found
  }

  /// A list of whole numbers.
  package func integers(_ key: String) throws -> [Int] { try part(key).integerList() }

  /// A list of lists of whole numbers.
  package func integerRows(_ key: String) throws -> [[Int]] {
    let rows = try part(key)
    guard let elements = rows.json.arrayValue else { throw GoldenError(place: rows.place, reason: "is not a list") }
    return try elements.enumerated().map { try Golden(place: rows.place + "/\($0)", json: $1).integerList() }
  }

  private func integerList() throws -> [Int] {
    guard let elements = json.arrayValue else { throw GoldenError(place: place, reason: "is not a list") }
    return try elements.map { element in
      guard let value = element.integerValue else { throw GoldenError(place: place, reason: "holds no integer") }
      return value
    }
  }

  /// A tensor: a shape, its values, and its tolerance where it is an expected one.
  package func tensor(_ key: String) throws -> GoldenTensor {
    let found = try part(key)
    let shape = try found.integers("shape")
    let list = try found.part("values")
    guard let elements = list.json.arrayValue else { throw GoldenError(place: list.place, reason: "is not a list") }
    let values = try elements.map { element in
      guard let value = element.doubleValue else { throw GoldenError(place: list.place, reason: "holds no number") }
      return value
    }
    guard values.count == shape.reduce(1, *) else {
      throw GoldenError(place: found.place, reason: "has \(values.count) values for the shape \(shape)")
    }
    return GoldenTensor(
      place: found.place, shape: shape, values: values,
      tolerance: found.has("tolerance") ? try found.number("tolerance") : nil)
  }
}

/// A golden file that does not hold what a test reads.
package struct GoldenError: Error, CustomStringConvertible {
  let place: String
  let reason: String
  package var description: String { "golden file \(place) \(reason)" }
}

/// Numbers of a golden file. `tolerance` is absolute, and nil for inputs.
package struct GoldenTensor: Sendable {
  package let place: String
  package let shape: [Int]
  package let values: [Double]
  package let tolerance: Double?

  package init(place: String, shape: [Int], values: [Double], tolerance: Double?) {
    self.place = place
    self.shape = shape
    self.values = values
    self.tolerance = tolerance
  }

  /// The values as floats; inputs were written so that this gives the reference's bits.
  package var floats: [Float] { values.map(Float.init) }

  /// What differs by more than the tolerance; nil where nothing does.
  ///
  /// The text names the worst element with expected, found, error, tolerance and whatever `inputs` says about it. `chosen`: which elements are
  /// compared. Not-a-number never passes.
  package func difference(
    from found: [Double], where chosen: (Int) -> Bool = { _ in true }, inputs: (Int) -> String
  ) -> String? {
    guard let tolerance else { return "\(place) has no tolerance: it is an input" }
    guard found.count == values.count else { return "\(place): \(values.count) values expected, \(found.count) found" }
    var worst: (index: Int, error: Double)?
    var failures = 0
    var compared = 0
    for (index, expected) in values.enumerated() where chosen(index) {
      compared += 1
      let error = abs(found[index] - expected)
      if !(error <= tolerance) { failures += 1 }
      if error.isNaN || error > (worst?.error ?? -1), !(worst?.error.isNaN ?? false) { worst = (index, error) }
    }
    guard compared > 0, let worst else { return "\(place): nothing was compared" }
    if failures == 0 { return nil }
    return """
      \(place)\(indices(of: worst.index)): expected \(values[worst.index]), found \(found[worst.index]), \
      error \(worst.error), tolerance \(tolerance) (\(failures) of \(compared) values beyond it); \
      inputs: \(inputs(worst.index))
      """
  }

  /// As for doubles. Expected numbers are rounded first: they stand for floats.
  package func difference(
    from found: [Float], where chosen: (Int) -> Bool = { _ in true }, inputs: (Int) -> String
  ) -> String? {
    GoldenTensor(place: place, shape: shape, values: floats.map(Double.init), tolerance: tolerance)
      .difference(from: found.map(Double.init), where: chosen, inputs: inputs)
  }

  /// The largest error, expected numbers rounded to floats. Traps where the counts differ or there is no tolerance.
  package func error(of found: [Float]) -> TensorError {
    precondition(found.count == values.count, "\(found.count) numbers for the \(values.count) of \(place)")
    guard let tolerance else { preconditionFailure("\(place) has no tolerance") }
    let largest = zip(found, floats).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
    return TensorError(tensor: place, error: largest, tolerance: tolerance)
  }

  private func indices(of flat: Int) -> String {
    var rest = flat
    var indices: [Int] = []
    for extent in shape.reversed() where extent > 0 {
      indices.append(rest % extent)
      rest /= extent
    }
    return "\(Array(indices.reversed()))"
  }
}
