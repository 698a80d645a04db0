// The prices, sizes and Greeks of a row of a table of options.

import Market

extension ChainRows {
  /// Reads the values of a group into the builder's row. Returns what is wrong with one, and where it stands.
  func values(
    _ buffer: UnsafeBufferPointer<UInt8>, _ cells: UnsafeMutableBufferPointer<Cell>
  ) -> (TableProblem, Int)? {
    let none = ChainValue.none
    for cell in cells {
      let (start, end) = (fields.start(cell.place), fields.end(cell.place))
      let result: FixedPoint.Result
      switch cell.kind {
      case .float: result = FixedPoint.floatBits(buffer, start, end)
      case .ticks: result = FixedPoint.read(buffer, start, end, decimals: 4)
      case .whole, .dividedPrice: result = FixedPoint.read(buffer, start, end, decimals: 0)
      }
      switch result {
      case .missing: out.numbers[cell.column] = none
      case .malformed: return (.notANumber(shown(buffer, cell.place)), cell.place)
      case .outOfRange:
        // Databento's price for none.
        guard plan.priceDivisor > 1, text(buffer, cell.place) == "9223372036854775807" else {
          return (.chain(.price(shown(buffer, cell.place))), cell.place)
        }
        out.numbers[cell.column] = none
      case .value(var number):
        if cell.kind == .dividedPrice {
          let unit = plan.priceDivisor / ChainValue.ticksPerDollar
          number = (number + unit / 2) / unit
        }
        guard let value = Int32(exactly: number), value != none || cell.kind == .float else {
          return (.chain(.price(shown(buffer, cell.place))), cell.place)
        }
        out.numbers[cell.column] = value
      }
    }
    return nil
  }

  /// `10 x 12`, the bid's size before the ask's.
  func sizes(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, _ group: Group) -> TableProblem? {
    var (bid, ask) = (ChainValue.none, ChainValue.none)
    let (start, end) = (fields.start(place), fields.end(place))
    if start < end {
      var middle = start
      while middle < end, buffer[middle] | 32 != UInt8(ascii: "x") { middle += 1 }
      let left = FixedPoint.trimmed(buffer, start, middle)
      let right = FixedPoint.trimmed(buffer, min(middle + 1, end), end)
      guard case .value(let first) = FixedPoint.read(buffer, left.start, left.end, decimals: 0),
        case .value(let second) = FixedPoint.read(buffer, right.start, right.end, decimals: 0),
        let first = Int32(exactly: first), let second = Int32(exactly: second)
      else { return .notANumber(shown(buffer, place)) }
      (bid, ask) = (first, second)
    }
    if group.bidSize >= 0 { out.numbers[group.bidSize] = bid }
    if group.askSize >= 0 { out.numbers[group.askSize] = ask }
    return nil
  }

  func whole(
    _ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, decimals: Int
  ) -> Result<Int32, Problem> {
    switch FixedPoint.read(buffer, fields.start(place), fields.end(place), decimals: decimals) {
    case .missing: return .success(ChainValue.none)
    case .value(let number):
      guard let value = Int32(exactly: number) else {
        return .failure(Problem(problem: .chain(.price(shown(buffer, place))), place: place))
      }
      return .success(value)
    case .malformed, .outOfRange: return .failure(Problem(problem: .notANumber(shown(buffer, place)), place: place))
    }
  }
}
