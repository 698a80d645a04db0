// What positions gain and lose when price and volatility jump, now or at the close.

import Pricing

/// Profit of positions in 32 cells: the price up and down by 1, 2, 3 and 5 %, the volatility up and down by 5 points, now and at the session's close.
///
/// Values are the model's, at each contract's own volatility, moved by the shock and never below 0. A cell is linear in quantities, so cells of positions add.
package enum ShockGrid {
  package static let spotShifts = [-0.05, -0.03, -0.02, -0.01, 0.01, 0.02, 0.03, 0.05]
  package static let volatilityShifts = [-0.05, 0.05]
  package static let count = 32

  /// What a cell stands for.
  package struct Cell: Sendable, Equatable {
    package var spotShift: Double
    package var volatilityShift: Double
    package var isAtClose: Bool

    package init(_ number: Int) {
      spotShift = ShockGrid.spotShifts[number >> 2]
      volatilityShift = ShockGrid.volatilityShifts[number >> 1 & 1]
      isAtClose = number & 1 == 1
    }
  }

  /// Writes what one contract gains in each of the 32 cells, held long, dollars. Not numbers where it has no value.
  package static func price(_ risk: ContractRisk, into cells: UnsafeMutablePointer<Double>) {
    let m = Double(risk.multiplier)
    guard let terms = risk.terms else {
      for number in 0..<count { cells[number] = risk.spot * Cell(number).spotShift * m }
      return
    }
    let now = (try? BlackScholes.scalarValue(terms).price) ?? .nan
    // Cells of the same shock lie side by side, now and at the close.
    for number in stride(from: 0, to: count, by: 2) {
      let cell = Cell(number)
      var shocked = terms
      shocked.spot *= 1 + cell.spotShift
      shocked.volatility = max(terms.volatility + cell.volatilityShift, 0)
      let then = BlackScholes.pair(
        shocked.side, spot: shocked.spot, strike: shocked.strike, rate: shocked.rate,
        dividendYield: shocked.dividendYield, years: (shocked.years, risk.yearsAtClose), volatility: shocked.volatility)
      cells[number] = ((then.first?.price ?? .nan) - now) * m
      cells[number + 1] = ((then.second?.price ?? .nan) - now) * m
    }
  }

  /// The 32 cells of positions, for pages and tests.
  package static func cells(of positions: [(risk: ContractRisk, quantity: Int)]) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    for position in positions {
      let one = [Double](unsafeUninitializedCapacity: count) { buffer, filled in
        guard let start = buffer.baseAddress else { return }
        start.initialize(repeating: 0, count: count)
        price(position.risk, into: start)
        filled = count
      }
      for number in 0..<count { sums[number] += Double(position.quantity) * one[number] }
    }
    return sums
  }

  /// The cell that loses most, and its profit. Cells that are no numbers are the worst.
  package static func worst(_ cells: [Double]) -> (cell: Cell, profit: Double)? {
    guard cells.count == count else { return nil }
    var worst = 0
    for number in 1..<count where !(cells[number] >= cells[worst]) && !cells[worst].isNaN { worst = number }
    return (Cell(worst), cells[worst])
  }
}
