// Where the fields of a row of a table of options lie.

import Glibc

/// The fields of one row after the other. They are blank around or not, and in quotes or not.
final class ChainFields {
  private let delimiter: UInt8
  /// How many fields a row has.
  let count: Int
  private let starts: UnsafeMutablePointer<Int>
  private let ends: UnsafeMutablePointer<Int>
  private var quoted: TableFields
  /// Which fields anybody asks for.
  private let wanted: [Int]

  /// `wanted`: the fields that are asked for; nil for all.
  init(delimiter: UInt8, count: Int, wanted: Set<Int>? = nil) {
    self.delimiter = delimiter
    self.count = count
    self.wanted = wanted.map { $0.filter((0..<count).contains).sorted() } ?? Array(0..<count)
    starts = .allocate(capacity: max(count, 1))
    starts.initialize(repeating: 0, count: max(count, 1))
    ends = .allocate(capacity: max(count, 1))
    ends.initialize(repeating: 0, count: max(count, 1))
    quoted = TableFields(delimiter: delimiter)
  }

  deinit {
    starts.deallocate()
    ends.deallocate()
  }

  /// Where a field of the row begins and ends, without the blanks around it. `place`: below `count`.
  @inline(__always) func start(_ place: Int) -> Int { starts[place] }
  @inline(__always) func end(_ place: Int) -> Int { ends[place] }
  @inline(__always) func isEmpty(_ place: Int) -> Bool { starts[place] == ends[place] }

  func text(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> String {
    String(decoding: buffer[starts[place]..<ends[place]], as: UTF8.self)
  }

  func bytes(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int) -> [UInt8] {
    Array(buffer[starts[place]..<ends[place]])
  }

  /// Whether a field is written as `text` is.
  @inline(__always) func isSame(_ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, _ text: [UInt8]) -> Bool {
    let (start, length) = (starts[place], ends[place] - starts[place])
    guard length == text.count, let base = buffer.baseAddress else { return false }
    return text.withUnsafeBufferPointer { text in
      guard let other = text.baseAddress else { return true }
      // Most are dates, which are as long as two words that overlap.
      if (8...16).contains(length) {
        let (left, right) = (UnsafeRawPointer(base + start), UnsafeRawPointer(other))
        return left.loadUnaligned(as: UInt64.self) == right.loadUnaligned(as: UInt64.self)
          && left.loadUnaligned(fromByteOffset: length - 8, as: UInt64.self)
            == right.loadUnaligned(fromByteOffset: length - 8, as: UInt64.self)
      }
      return memcmp(base + start, other, length) == 0
    }
  }

  /// Notes the fields of a row without quotes. `bounds`: each begins behind one of them and ends before the next. Returns what is wrong with it.
  func take(_ buffer: UnsafeBufferPointer<UInt8>, bounds: UnsafeBufferPointer<Int32>, from text: Int) -> TableProblem? {
    guard bounds.count == count + 1 else { return .fieldCount(expected: count, found: bounds.count - 1) }
    for place in wanted { add(buffer, place, text + Int(bounds[place]) + 1, text + Int(bounds[place + 1])) }
    return nil
  }

  /// Finds the fields of the row that lies in `range`. Returns what is wrong with it.
  func take(_ buffer: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> TableProblem? {
    guard let base = buffer.baseAddress, !range.isEmpty else {
      return count == 1 ? nil : .fieldCount(expected: count, found: 1)
    }
    if memchr(base + range.lowerBound, Int32(UInt8(ascii: "\"")), range.count) != nil {
      return takeQuoted(buffer, range)
    }
    // Most rows come with their bounds; these are the few that lie across two pieces of a file, or among others with quotes.
    var (found, start) = (0, range.lowerBound)
    for end in range where base[end] == delimiter {
      add(buffer, found, start, end)
      found += 1
      start = end + 1
    }
    add(buffer, found, start, range.upperBound)
    found += 1
    return found == count ? nil : .fieldCount(expected: count, found: found)
  }

  @inline(__always) private func add(
    _ buffer: UnsafeBufferPointer<UInt8>, _ place: Int, _ start: Int, _ end: Int
  ) {
    guard place < count else { return }
    let field = FixedPoint.trimmed(buffer, start, end)
    starts[place] = field.start
    ends[place] = field.end
  }

  private func takeQuoted(_ buffer: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> TableProblem? {
    let line = Array(buffer[range])
    if let problem = quoted.take(line, line.indices) { return problem }
    guard quoted.count == count, quoted.fields.count == count else {
      return .fieldCount(expected: count, found: quoted.count)
    }
    for (place, field) in quoted.fields.enumerated() {
      starts[place] = range.lowerBound + field.start
      ends[place] = range.lowerBound + field.end
    }
    return nil
  }
}
