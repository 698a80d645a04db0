// Where something lies among items that are in order.

extension RandomAccessCollection where Index == Int {
  /// The place of the first item that lies behind a border, by halving; the end where none does.
  ///
  /// `isBehind`: false of all items before the border, true of all behind it. Of items that are in no such order the answer is one of their places
  /// or the end, and nothing more.
  @inlinable
  package func firstPlace(where isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
