// Quantiles of numbers that need not be sorted for anything else.

/// Which numbers stand at some places of a sorted order, without sorting the rest.
enum OrderStatistics {
  /// The quantiles of `values` (n, at least one, none NaN) at `shares`, which ascend: those of `Bootstrap.quantile` over the sorted values to the bit.
  /// Leaves the values in another order.
  static func quantiles(_ values: UnsafeMutableBufferPointer<Double>, shares: [Double]) -> [Double] {
    let last = values.count - 1
    // Everything before this place is at most what stands from it on.
    var settled = 0
    return shares.map { share in
      let place = Double(last) * share
      let low = Int(place)
      if low >= settled {
        select(low, of: values, from: settled)
        settled = low + 1
      }
      guard low < last else { return values[low] + (values[last] - values[low]) * (place - Double(low)) }
      if settled == low + 1 {
        // The next one is the least of the rest.
        var least = settled
        for other in (settled + 1)..<max(values.count, settled + 1) where values[other] < values[least] {
          least = other
        }
        values.swapAt(settled, least)
        settled += 1
      }
      return values[low] + (values[low + 1] - values[low]) * (place - Double(low))
    }
  }

  /// Brings the number of that rank to its place, smaller ones before it and larger ones behind it. Source: Hoare 1961, "Algorithm 65: find".
  private static func select(_ rank: Int, of values: UnsafeMutableBufferPointer<Double>, from first: Int) {
    var (left, right) = (first, values.count - 1)
    while left < right {
      let pivot = values[(left + right) / 2]
      var (low, high) = (left, right)
      repeat {
        while values[low] < pivot { low += 1 }
        while pivot < values[high] { high -= 1 }
        if low <= high {
          values.swapAt(low, high)
          low += 1
          high -= 1
        }
      } while low <= high
      if high < rank { left = low }
      if rank < low { right = high }
    }
  }
}
