// The middle of many numbers, without sorting them.

/// The middle of numbers.
enum Median {
  /// The lower of the two middle ones where their number is even; nil of nothing. May move the numbers about; none may be not-a-number.
  static func of(_ numbers: inout [Double]) -> Double? {
    numbers.withUnsafeMutableBufferPointer { $0.count < fewest ? select($0, at: middle($0.count)) : ofMany($0) }
  }

  /// The mean of the two middle ones where their number is even. Traps on nothing.
  static func between(_ numbers: [Double]) -> Double {
    let sorted = numbers.sorted()
    return (sorted[middle(sorted.count)] + sorted[sorted.count / 2]) / 2
  }

  /// From so many on, counting first what lies where is faster than moving all of them about.
  static let fewest = 1 << 14

  private static func middle(_ count: Int) -> Int { (count - 1) / 2 }

  /// The first sixteen of bits that are ordered as the numbers are: sign, exponent and the first of the fraction.
  private static func bucket(_ number: Double) -> Int {
    // Both zeros are one.
    let bits = (number + 0).bitPattern
    return Int((bits >> 63 == 1 ? ~bits : bits | 1 << 63) >> 48)
  }

  /// The same as `select`: of the numbers that begin like the middle one alone.
  private static func ofMany(_ numbers: UnsafeMutableBufferPointer<Double>) -> Double? {
    var counts = [Int](repeating: 0, count: 1 << 16)
    for number in numbers { counts[bucket(number)] += 1 }
    var (before, wanted) = (0, 0)
    while before + counts[wanted] <= middle(numbers.count) {
      before += counts[wanted]
      wanted += 1
    }
    var alike: [Double] = []
    alike.reserveCapacity(counts[wanted])
    for number in numbers where bucket(number) == wanted { alike.append(number) }
    return alike.withUnsafeMutableBufferPointer { select($0, at: middle(numbers.count) - before) }
  }

  /// The number that would lie at a place if all were sorted.
  private static func select(_ numbers: UnsafeMutableBufferPointer<Double>, at middle: Int) -> Double? {
    guard !numbers.isEmpty else { return nil }
    var (low, high) = (0, numbers.count - 1)
    // Hoare's selection: what is left and right of the middle is never sorted.
    while low < high {
      let pivot = numbers[(low + high) / 2]
      var (left, right) = (low, high)
      while left <= right {
        while numbers[left] < pivot { left += 1 }
        while pivot < numbers[right] { right -= 1 }
        guard left <= right else { break }
        numbers.swapAt(left, right)
        (left, right) = (left + 1, right - 1)
      }
      if right < middle { low = left }
      if middle < left { high = right }
    }
    return numbers[middle]
  }
}
