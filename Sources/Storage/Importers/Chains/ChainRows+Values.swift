// The prices, sizes and Greeks of a row of a table of options.

import Market

extension ChainRows {
  mutating func value(
    _ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, _ column: ChainColumn, into index: Int
  ) -> TableProblem? {
    let result =
      column.isFloat
      ? FixedPoint.floatBits(buffer, starts[place], ends[place])
      : FixedPoint.read(buffer, starts[place], ends[place], decimals: column.isPrice && plan.priceDivisor == 1 ? 4 : 0)
    switch result {
    case .missing: values[index] = ChainValue.none
    case .malformed: return .notANumber(shown(buffer, place))
    case .outOfRange:
      guard plan.priceDivisor > 1, text(buffer, place) == "9223372036854775807" else {
        return .chain(.price(shown(buffer, place)))
      }
      values[index] = ChainValue.none
    case .value(var number):
      if column.isPrice, plan.priceDivisor > 1 {
        let unit = plan.priceDivisor / ChainValue.ticksPerDollar
        number = (number + unit / 2) / unit
      }
      guard let value = Int32(exactly: number), value != ChainValue.none || column.isFloat else {
        return .chain(.price(shown(buffer, place)))
      }
      values[index] = value
    }
    return nil
  }

  /// `10 x 12`, the bid's size before the ask's.
  mutating func sizes(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> TableProblem? {
    var (bid, ask) = (ChainValue.none, ChainValue.none)
    if starts[place] < ends[place] {
      var middle = starts[place]
      while middle < ends[place], buffer[middle] | 32 != UInt8(ascii: "x") { middle += 1 }
      let left = FixedPoint.trimmed(buffer, starts[place], middle)
      let right = FixedPoint.trimmed(buffer, min(middle + 1, ends[place]), ends[place])
      guard case .value(let first) = FixedPoint.read(buffer, left.start, left.end, decimals: 0),
        case .value(let second) = FixedPoint.read(buffer, right.start, right.end, decimals: 0),
        let first = Int32(exactly: first), let second = Int32(exactly: second)
      else { return .notANumber(shown(buffer, place)) }
      (bid, ask) = (first, second)
    }
    for (index, column) in plan.columns.enumerated() {
      if column == .bidSize { values[index] = bid }
      if column == .askSize { values[index] = ask }
    }
    return nil
  }

  func whole(
    _ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, decimals: Int
  ) -> Result<Int32, Problem> {
    switch FixedPoint.read(buffer, starts[place], ends[place], decimals: decimals) {
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
