// A linear program of a few hundred bounded variables, solved again and again as rows are added and bounds move.

/// Minimises a sum over bounded variables whose rows are bounded too, by the dual simplex method on a dense dictionary.
///
/// Every row is a variable like the others: the sum of its coefficients times the columns. Those of the dictionary's rows are written in those of its
/// columns, each of which stands at one of its bounds. Columns of negative cost need an upper bound: so the start is dual feasible, and stays so whatever
/// rows and bounds are added. Source: Chvatal, "Linear Programming", 1983, chapters 8 and 10.
struct BoundedProgram {
  enum Outcome {
    case optimal, infeasible
    /// Too many steps: nothing is known.
    case stopped
  }

  /// (variables) columns first, then rows in the order in which they came.
  private(set) var lower: [Double]
  private(set) var upper: [Double]
  private var isAtUpper: [Bool]
  /// By place in the dictionary: the variable of a row, and of a column.
  private var basic: [Int] = []
  private var nonbasic: [Int]
  /// (rows, columns)
  private var dictionary: [Double] = []
  /// (columns) what the objective gains where a column's variable grows by one.
  private var gains: [Double]
  /// (rows) of the basic variables.
  private var values: [Double] = []
  /// (variables) its row of the dictionary, or -1 - its column.
  private var places: [Int]

  /// Numbers of dictionaries that were written, over all calls of `solve`.
  private(set) var work = 0

  private var columnCount: Int { nonbasic.count }

  init(costs: [Double], upper: [Double]) {
    lower = [Double](repeating: 0, count: costs.count)
    self.upper = upper
    isAtUpper = costs.map { $0 < 0 }
    nonbasic = Array(costs.indices)
    gains = costs
    places = costs.indices.map { -1 - $0 }
  }

  /// lower <= sum of the terms <= upper. Columns may stand in it once.
  mutating func addRow(_ terms: [(column: Int, coefficient: Double)], lower low: Double, upper high: Double) {
    var row = [Double](repeating: 0, count: columnCount)
    for term in terms {
      let place = places[term.column]
      if place < 0 {
        row[-1 - place] += term.coefficient
      } else {
        for column in 0..<columnCount { row[column] += term.coefficient * dictionary[place * columnCount + column] }
      }
    }
    places.append(basic.count)
    basic.append(lower.count)
    lower.append(low)
    upper.append(high)
    isAtUpper.append(false)
    dictionary += row
    values.append(0)
  }

  /// A variable's bounds, inside of those that it had.
  mutating func narrow(_ variable: Int, lower low: Double, upper high: Double) {
    (lower[variable], upper[variable]) = (low, high)
  }

  /// Of a column's variable, behind an optimal `solve`.
  func value(_ variable: Int) -> Double {
    let place = places[variable]
    return place < 0 ? bound(variable) : values[place]
  }

  private func bound(_ variable: Int) -> Double { isAtUpper[variable] ? upper[variable] : lower[variable] }

  var objective: Double {
    var sum = 0.0
    for column in 0..<columnCount { sum += gains[column] * bound(nonbasic[column]) }
    return sum
  }

  private static let tolerance = 1e-10
  private static let leastPivot = 1e-9

  /// mostWork: what `work` may come to.
  mutating func solve(mostWork: Int) -> Outcome {
    work += dictionary.count
    for row in basic.indices {
      var sum = 0.0
      for column in 0..<columnCount { sum += dictionary[row * columnCount + column] * bound(nonbasic[column]) }
      values[row] = sum
    }
    while work < mostWork {
      work += dictionary.count
      guard let row = mostViolated() else { return .optimal }
      let isBelow = values[row] < lower[basic[row]]
      guard let column = entering(row, isBelow: isBelow) else { return .infeasible }
      pivot(row, column, isBelow: isBelow)
    }
    return .stopped
  }

  private func mostViolated() -> Int? {
    var (worst, found): (Double, Int?) = (BoundedProgram.tolerance, nil)
    for row in basic.indices {
      let violation = max(lower[basic[row]] - values[row], values[row] - upper[basic[row]])
      if violation > worst { (worst, found) = (violation, row) }
    }
    return found
  }

  /// The column that lets a row's variable reach its bound at the least loss.
  private func entering(_ row: Int, isBelow: Bool) -> Int? {
    var (least, size, found): (Double, Double, Int?) = (.infinity, 0, nil)
    for column in 0..<columnCount where lower[nonbasic[column]] < upper[nonbasic[column]] {
      let slope = dictionary[row * columnCount + column]
      guard abs(slope) > BoundedProgram.leastPivot, (slope > 0) == (isBelow != isAtUpper[nonbasic[column]]) else {
        continue
      }
      let loss = abs(gains[column]) / abs(slope)
      if loss < least || (loss == least && abs(slope) > size) { (least, size, found) = (loss, abs(slope), column) }
    }
    return found
  }

  private mutating func pivot(_ row: Int, _ column: Int, isBelow: Bool) {
    let (leaving, entering) = (basic[row], nonbasic[column])
    let before = bound(entering)
    let pivot = dictionary[row * columnCount + column]
    let target = isBelow ? lower[leaving] : upper[leaving]
    let step = (target - values[row]) / pivot
    let width = columnCount
    let rowCount = basic.count
    dictionary.withUnsafeMutableBufferPointer { dictionary in
      values.withUnsafeMutableBufferPointer { values in
        for other in 0..<rowCount { values[other] += dictionary[other * width + column] * step }
      }
      let first = row * width
      for place in 0..<width {
        dictionary[first + place] = place == column ? 1 / pivot : -dictionary[first + place] / pivot
      }
      for other in 0..<rowCount where other != row {
        let factor = dictionary[other * width + column]
        guard factor != 0 else { continue }
        dictionary[other * width + column] = 0
        for place in 0..<width { dictionary[other * width + place] += factor * dictionary[first + place] }
      }
      let factor = gains[column]
      gains[column] = 0
      if factor != 0 {
        for place in 0..<width { gains[place] += factor * dictionary[first + place] }
      }
    }
    values[row] = before + step
    isAtUpper[leaving] = !isBelow
    (basic[row], nonbasic[column]) = (entering, leaving)
    (places[entering], places[leaving]) = (row, -1 - column)
  }
}
