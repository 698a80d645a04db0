// What the last few bars say together: mean, highest, lowest.

/// Functions of the last `window` values, the current one included. Each value is computed from its own window alone, oldest first,
/// so the result for a bar never depends on what comes after it, nor on what left the window.
///
/// Before a window is full it holds what there is. All trap if `window` is below 1.
package enum RollingWindow {
  package static func mean(of values: [Double], window: Int) -> [Double] {
    map(values, window) { part in part.reduce(0, +) / Double(part.count) }
  }

  package static func highest(of values: [Double], window: Int) -> [Double] {
    map(values, window) { part in part.reduce(-.infinity) { max($0, $1) } }
  }

  package static func lowest(of values: [Double], window: Int) -> [Double] {
    map(values, window) { part in part.reduce(.infinity) { min($0, $1) } }
  }

  static func map(_ values: [Double], _ window: Int, _ body: (ArraySlice<Double>) -> Double) -> [Double] {
    precondition(window >= 1, "a window of \(window) values")
    return values.indices.map { body(values[max(0, $0 - window + 1)...$0]) }
  }
}
