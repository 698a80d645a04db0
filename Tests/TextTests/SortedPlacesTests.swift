// Halving finds what looking at every item finds.

import Testing
import Text

@Suite struct SortedPlacesTests {
  /// Of all lengths, with items that stand there several times, and of parts that do not begin at 0.
  @Test func halvingFindsWhatLookingAtAllFinds() {
    for count in 0...40 {
      let items = (0..<count).map { $0 / 3 * 2 }
      for border in -1...(count + 1) {
        let expected = items.firstIndex { $0 >= border } ?? count
        #expect(items.firstPlace { $0 >= border } == expected, "\(count) items, \(border)")
        let part = items.dropFirst(count / 4).dropLast(count / 5)
        let inPart = part.firstIndex { $0 > border } ?? part.endIndex
        #expect(part.firstPlace { $0 > border } == inPart, "a part of \(count) items, \(border)")
      }
    }
  }

  /// It looks at no more items than halving needs, and at none twice.
  @Test func itHalves() {
    var seen: [Int] = []
    let place = (0..<1_000_000).firstPlace { item in
      seen.append(item)
      return item >= 777_777
    }
    #expect(place == 777_777)
    #expect(seen.count <= 20 && Set(seen).count == seen.count)
  }
}
