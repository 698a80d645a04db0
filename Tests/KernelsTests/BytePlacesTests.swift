// Where delimiters and line feeds stand, against a loop that asks of each byte.

import Testing

@testable import Kernels

@Suite struct BytePlacesTests {
  private let mark = UInt8(ascii: ",")
  private let quote = UInt8(ascii: "\"")
  private let feed = UInt8(10)

  /// Compares what was found with what a loop finds in as much of the text as was looked at.
  private func compare(_ text: [UInt8], with places: BytePlaces) {
    let looked = text.withUnsafeBufferPointer { places.find(mark, orLineFeedIn: $0, seeing: quote) }
    let part = text[..<looked]
    var lines: [[Int32]] = []
    var bounds: [Int32] = [-1]
    for (place, byte) in part.enumerated() where byte == mark || byte == feed {
      bounds.append(Int32(place))
      if byte == feed {
        lines.append(bounds)
        bounds = [Int32(place)]
      }
    }
    #expect(places.lineCount == lines.count && places.hasSeen == part.contains(quote))
    #expect((0..<places.lineCount).map { Array(places.bounds(ofLine: $0)) } == lines)
    // All of it, where it is short and its lines are few.
    #expect(looked == min(text.count, BytePlaces.mostBytes) || lines.count >= 1024)
    #expect(!text.isEmpty || looked == 0)
  }

  @Test func everyPlaceIsFound() {
    var random = RandomStream(seed: 5, purpose: .market)
    let places = BytePlaces()
    // Bytes whose other bits are all set, or all but one, must not be taken for those that are looked for.
    let others: [UInt8] = [0, 32, 45, 47, 48, 0x8a, 0xac, 0x2d, 0xa2, 0xff, 65, 11, 9]
    for count in Array(0...200) + [1000, 4095, 4096, 65_535, 65_536, 65_537, 100_000] {
      for rare in [1, 4, 200] {
        let text = (0..<count).map { _ -> UInt8 in
          switch random.nextInteger(below: UInt64(8 * rare)) {
          case 0, 1: mark
          case 2: feed
          case 3 where random.nextInteger(below: 50) == 0: quote
          default: others[Int(random.nextInteger(below: UInt64(others.count)))]
          }
        }
        compare(text, with: places)
      }
    }
  }

  @Test func textOfNothingElseIsFoundToo() {
    let places = BytePlaces()
    for count in [1, 63, 64, 65, 1023, 1024, 1088, 65_536, 70_000] {
      compare([UInt8](repeating: mark, count: count), with: places)
      compare([UInt8](repeating: feed, count: count), with: places)
      compare([UInt8](repeating: quote, count: count), with: places)
    }
  }
}
