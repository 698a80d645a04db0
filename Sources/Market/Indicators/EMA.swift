// Exponential moving average.

package enum EMA {
  /// e[0] = values[0]; e[t] = a values[t] + (1 - a) e[t-1], a = 2 / (span + 1). Exact, by definition, from the first bar on.
  ///
  /// Traps if `span` is below 1.
  package static func values(of values: [Double], span: Int) -> [Double] {
    precondition(span >= 1, "an average over a span of \(span)")
    let weight = 2 / Double(span + 1)
    var average = values.first ?? 0
    return values.indices.map { bar in
      if bar > 0 { average = weight * values[bar] + (1 - weight) * average }
      return average
    }
  }
}
