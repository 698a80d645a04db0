// Range and sums of the columns of a matrix.

/// Least, largest, sum and sum of squares of each column.
package enum ColumnStatistics {
  /// Takes rows in. Sums are of differences from `shift`, in double precision, in row order.
  ///
  /// rows: (n, columns), all finite. shift, sums, squares, least, largest: (columns); the last four are updated. No aliasing.
  package static func add(
    _ rows: MatrixView, shift: UnsafePointer<Double>, sums: UnsafeMutablePointer<Double>,
    squares: UnsafeMutablePointer<Double>, least: UnsafeMutablePointer<Float>, largest: UnsafeMutablePointer<Float>
  ) {
    let columns = rows.columns
    var column = 0
    // A block of columns stays in registers while the rows go by.
    while column + 8 <= columns {
      var (low, high) = (load8(least + column), load8(largest + column))
      let base = loadDoubles(shift + column)
      var (sum, square) = (loadDoubles(sums + column), loadDoubles(squares + column))
      for row in 0..<rows.rows {
        let values = load8(rows.row(row) + column)
        low.replace(with: values, where: values .< low)
        high.replace(with: values, where: values .> high)
        let difference = doubles(values) - base
        sum += difference
        square += difference * difference
      }
      store8(low, least + column)
      store8(high, largest + column)
      storeDoubles(sum, sums + column)
      storeDoubles(square, squares + column)
      column += 8
    }
    while column < columns {
      for row in 0..<rows.rows {
        let value = rows.row(row)[column]
        if value < least[column] { least[column] = value }
        if value > largest[column] { largest[column] = value }
        let difference = Double(value) - shift[column]
        sums[column] += difference
        squares[column] += difference * difference
      }
      column += 1
    }
  }

  /// Whether some value lies below its least or above its largest. Three rows of `count`.
  package static func isOutside(
    _ row: UnsafePointer<Float>, least: UnsafePointer<Float>, largest: UnsafePointer<Float>, count: Int
  ) -> Bool {
    var found = SIMDMask<SIMD8<Int32>>(repeating: false)
    var column = 0
    while column + 8 <= count {
      let values = load8(row + column)
      found .|= (values .< load8(least + column)) .| (values .> load8(largest + column))
      column += 8
    }
    var isOutside = any(found)
    while column < count {
      isOutside = isOutside || row[column] < least[column] || row[column] > largest[column]
      column += 1
    }
    return isOutside
  }

  @_transparent
  private static func loadDoubles(_ pointer: UnsafePointer<Double>) -> SIMD8<Double> {
    UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Double>.self)
  }

  @_transparent
  private static func storeDoubles(_ values: SIMD8<Double>, _ pointer: UnsafeMutablePointer<Double>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: values, as: SIMD8<Double>.self)
  }

  @_transparent
  private static func doubles(_ values: Float8) -> SIMD8<Double> {
    SIMD8<Double>(
      Double(values[0]), Double(values[1]), Double(values[2]), Double(values[3]), Double(values[4]), Double(values[5]),
      Double(values[6]), Double(values[7]))
  }
}
