// A long series as a picture of limited width shows it.

/// Chooses the values of a series that a picture of `columns` columns can show.
enum Thinning {
  /// The indices to draw, ascending: all where there are at most two a column, else of every column its first lowest and first highest
  /// value, and always both ends. So no peak and no fall is lost, and nothing is averaged.
  static func indices(_ values: [Double], columns: Int) -> [Int] {
    precondition(columns > 0, "a picture of \(columns) columns")
    guard values.count > 2 * columns else { return Array(values.indices) }
    var chosen: [Int] = [0]
    for column in 0..<columns {
      let bucket = values.count * column / columns..<values.count * (column + 1) / columns
      var (lowest, highest) = (bucket.lowerBound, bucket.lowerBound)
      for index in bucket {
        if values[index] < values[lowest] { lowest = index }
        if values[index] > values[highest] { highest = index }
      }
      for index in [min(lowest, highest), max(lowest, highest)] where index > chosen[chosen.count - 1] {
        chosen.append(index)
      }
    }
    if chosen[chosen.count - 1] != values.count - 1 { chosen.append(values.count - 1) }
    return chosen
  }
}
