// The lines of a text, one after the other; a line has a bound, and memory holds little more than one.

import Glibc

/// Lines of UTF-8 or UTF-16 text, without their byte-order mark. No byte sequence makes it trap.
struct TableLines {
  private let pieces: TextPieces
  private let path: String
  private var utf16: UTF16Text?
  /// What was read and not yet passed.
  private(set) var bytes: [UInt8] = []
  /// Where the current line lies in `bytes`, its line feed not included.
  private(set) var line = 0..<0
  /// The number of the current line, from 1.
  private(set) var number = 0
  private var nextStart = 0
  private var isAtEnd = false

  /// How much text is looked at before the first row is read.
  static let headBytes = 1 << 18

  /// Throws for what is no text.
  init(_ pieces: TextPieces) throws(StorageError) {
    self.pieces = pieces
    path = pieces.path
    guard let first = try pieces.next() else {
      isAtEnd = true
      return
    }
    if let content = FileContent.of(first) {
      throw .content(path: path, found: content, place: pieces.isCompressed ? .insideCompressed : .file)
    }
    utf16 = UTF16Text(beginning: first)
    bytes = utf16?.utf8(first) ?? first
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
  }

  /// The first lines, at most `count` and about `headBytes` of them, before any is passed. One that is cut is left out, unless it is the first.
  mutating func head(_ count: Int) throws(StorageError) -> [ArraySlice<UInt8>] {
    while bytes.count < TableLines.headBytes, try readPiece() {}
    let lines = bytes.prefix(TableLines.headBytes)
      .split(separator: 10, maxSplits: count, omittingEmptySubsequences: false).prefix(count)
    let isCut = !isAtEnd || bytes.count > TableLines.headBytes
    return lines.count > 1 && lines.count < count && isCut ? Array(lines.dropLast()) : Array(lines)
  }

  /// Makes the next line the current one; false at the end of the text. Throws on one that is longer than any row.
  mutating func next() throws(StorageError) -> Bool {
    var looked = nextStart
    while true {
      if let end = bytes.withUnsafeBufferPointer({ TableLines.lineFeed(in: $0, from: looked) }) {
        (line, nextStart) = (nextStart..<end, end + 1)
        break
      }
      bytes.removeSubrange(..<nextStart)
      (line, nextStart) = (0..<0, 0)
      looked = bytes.count
      guard looked <= CSVImporter.lineLimitBytes else {
        throw .table(
          path: path, line: number + 1, column: "", problem: .lineTooLong(limitBytes: CSVImporter.lineLimitBytes))
      }
      if try readPiece() { continue }
      guard !bytes.isEmpty else { return false }
      (line, nextStart) = (0..<bytes.count, bytes.count)
      break
    }
    number += 1
    return true
  }

  /// Shows the text that is at hand and not yet passed, and passes the lines of it that `take` says it took. Returns how many.
  mutating func pass(_ take: (UnsafeBufferPointer<UInt8>) -> (bytes: Int, lines: Int)) -> Int {
    guard nextStart < bytes.count else { return 0 }
    let taken = bytes.withUnsafeBufferPointer { take(UnsafeBufferPointer(rebasing: $0[nextStart...])) }
    nextStart += taken.bytes
    number += taken.lines
    return taken.lines
  }

  var isEmpty: Bool { bytes[line].allSatisfy { TableFields.isBlank($0) || $0 == 13 } }

  /// Where the first line feed at or behind `start` stands; nil where there is none.
  static func lineFeed(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    guard start < text.count, let base = text.baseAddress, let found = memchr(base + start, 10, text.count - start)
    else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(base)
  }

  /// Adds a piece to `bytes`; false where there is none.
  private mutating func readPiece() throws(StorageError) -> Bool {
    guard !isAtEnd else { return false }
    guard let piece = try pieces.next() else {
      isAtEnd = true
      let rest = utf16?.finish() ?? []
      bytes += rest
      return !rest.isEmpty
    }
    bytes += utf16?.utf8(piece) ?? piece
    return true
  }
}

/// A line, taken apart into its fields.
struct TableFields {
  struct Field {
    var start: Int
    var end: Int
    var isEscaped = false
    var isQuoted = false
  }

  /// Far more than any layout has: those beyond are only counted, since a line of commas must not fill the memory.
  static let mostColumns = 4096

  let delimiter: UInt8
  private(set) var fields: [Field] = []
  private(set) var count = 0

  init(delimiter: UInt8) { self.delimiter = delimiter }

  static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private func isBlankHere(_ byte: UInt8) -> Bool { byte != delimiter && TableFields.isBlank(byte) }

  /// The fields of `bytes[line]`, until the next line is taken apart. Returns what is wrong with its quotes.
  mutating func take(_ bytes: [UInt8], _ line: Range<Int>) -> TableProblem? {
    fields.removeAll(keepingCapacity: true)
    count = 0
    var cursor = line.lowerBound
    let lineEnd = line.upperBound
    while true {
      while cursor < lineEnd, isBlankHere(bytes[cursor]) { cursor += 1 }
      if cursor < lineEnd, bytes[cursor] == UInt8(ascii: "\"") {
        if let problem = takeQuoted(bytes, &cursor, lineEnd) { return problem }
      } else {
        let start = cursor
        while cursor < lineEnd, bytes[cursor] != delimiter { cursor += 1 }
        var end = cursor
        while end > start, isBlankHere(bytes[end - 1]) || bytes[end - 1] == 13 { end -= 1 }
        add(Field(start: start, end: end))
      }
      guard cursor < lineEnd else { return nil }
      cursor += 1
    }
  }

  /// A field between quotes; a doubled quote stands for one. Ends on the delimiter behind it, or at the end of the line.
  private mutating func takeQuoted(_ bytes: [UInt8], _ cursor: inout Int, _ lineEnd: Int) -> TableProblem? {
    cursor += 1
    var field = Field(start: cursor, end: cursor, isQuoted: true)
    while true {
      guard cursor < lineEnd else { return .unterminatedQuote }
      if bytes[cursor] == UInt8(ascii: "\"") {
        guard cursor + 1 < lineEnd, bytes[cursor + 1] == UInt8(ascii: "\"") else { break }
        field.isEscaped = true
        cursor += 1
      }
      cursor += 1
    }
    field.end = cursor
    add(field)
    cursor += 1
    while cursor < lineEnd, isBlankHere(bytes[cursor]) || bytes[cursor] == 13 { cursor += 1 }
    return cursor == lineEnd || bytes[cursor] == delimiter ? nil : .textAfterQuote
  }

  private mutating func add(_ field: Field) {
    count += 1
    if fields.count < TableFields.mostColumns { fields.append(field) }
  }

  func text(_ place: Int, of bytes: [UInt8]) -> String {
    let field = fields[place]
    let plain = String(decoding: bytes[field.start..<field.end], as: UTF8.self)
    return field.isEscaped
      ? plain.split(separator: "\"\"", omittingEmptySubsequences: false).joined(separator: "\"") : plain
  }
}
