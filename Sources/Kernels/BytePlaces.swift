// Where the bytes stand that part text from text.

import CKernels

/// The places of line feeds and of one other byte in text. One thread uses it.
package final class BytePlaces {
  /// So much text is looked at in a turn, at most.
  package static let mostBytes = 1 << 16

  private let places: UnsafeMutablePointer<Int32>
  private let lines: UnsafeMutablePointer<Int32>
  /// How many line feeds were found.
  package private(set) var lineCount = 0
  /// Whether the text has any of a third byte.
  package private(set) var hasSeen = false

  /// Line feeds after which a turn ends: what was found stays near.
  private static let lineLimit = 1 << 10

  package init() {
    // A place before the first, and eight that may be written behind the last. Of the others none is read before it was written.
    places = .allocate(capacity: BytePlaces.mostBytes + 16)
    places.initialize(to: -1)
    lines = .allocate(capacity: BytePlaces.lineLimit + 64)
  }

  deinit {
    places.deallocate()
    lines.deallocate()
  }

  /// Looks for `mark` and line feeds, and whether there is any `seen`, in the beginning of `text`. Returns how many bytes were looked at: at most `mostBytes`,
  /// and none only of an empty text.
  package func find(_ mark: UInt8, orLineFeedIn text: UnsafeBufferPointer<UInt8>, seeing seen: UInt8) -> Int {
    var counts = (0, 0, 0)
    let looked = withUnsafeMutablePointer(to: &counts) { counts in
      counts.withMemoryRebound(to: Int.self, capacity: 3) {
        ckernels_byte_places(
          text.baseAddress, min(text.count, BytePlaces.mostBytes), mark, seen, places + 1, lines,
          BytePlaces.lineLimit, $0)
      }
    }
    (lineCount, hasSeen) = (counts.1, counts.2 != 0)
    return looked
  }

  /// What bounds the parts of a line: each begins behind one of these places and ends before the next; the first may be -1. `line`: below `lineCount`. They hold
  /// until the next text is looked through.
  package func bounds(ofLine line: Int) -> UnsafeBufferPointer<Int32> {
    precondition((0..<lineCount).contains(line), "line \(line) of \(lineCount)")
    let first = line == 0 ? 0 : Int(lines[line - 1]) + 1
    return UnsafeBufferPointer(start: places + first, count: Int(lines[line]) + 2 - first)
  }
}
