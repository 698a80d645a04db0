// A table is read while it is unpacked: what comes out is the same, and nothing grows beyond what daily bars need.

import Glibc
import Market
import TestSupport
import Testing
import Text

@testable import Storage

@Suite struct TextPiecesTests {
  private static let header = "timestamp,open,high,low,close,volume\n"

  private func read(_ bytes: [UInt8]) throws(StorageError) -> Int {
    try CSVImporter.read(bytes, path: "bars", symbolOverride: "A").series[0].count
  }

  private func problem(_ bytes: [UInt8]) -> (line: Int, problem: TableProblem)? {
    guard case .table("bars", let line, _, let problem) = storageError({ try read(bytes) }) else { return nil }
    return (line, problem)
  }

  /// Rows that lie across pieces, plain and packed in several members, from memory and from a file.
  @Test func piecesMakeTheWholeText() throws {
    let rows = (0..<30_000).map { "2001-01-02,\($0)" + ",1.5,1.5,1.5,100\n" }
    let text = Array((Self.header + rows.joined()).utf8)
    let middle = text.count / 2
    let packed = try Gzip.deflate(Array(text[..<middle]), path: "x") + Gzip.deflate(Array(text[middle...]), path: "x")
    for bytes in [text, packed] {
      let (series, provenance) = try CSVImporter.read(bytes, path: "bars", symbolOverride: "A")
      #expect(series[0].open == (0..<30_000).map(Double.init))
      #expect(provenance.sourceSHA256 == SHA256.hex(bytes))
      try withScratchFolder { (folder) throws in
        writePlainly(bytes, to: folder + "/bars")
        let (same, origin) = try CSVImporter.read(path: folder + "/bars", symbolOverride: "A")
        #expect(same == series && origin == provenance)
      }
    }
    #expect(try Gzip.inflate(packed, path: "x", limitBytes: text.count) == text)
  }

  /// Gibibytes of zeros, packed into a few kilobytes: the line has a bound.
  @Test func zerosArePulledNoFurtherThanALine() throws {
    let member = try Gzip.deflate([UInt8](repeating: 0, count: 8 << 20), path: "x", level: 9)
    let bomb = (0..<200).flatMap { _ in member }
    #expect(bomb.count < 2 << 20)
    let error = storageError { try CSVImporter.read(bomb, path: "bars", symbolOverride: "A") }
    #expect(
      error
        == .compressed(
          path: "bars", offset: TextPieces.ratioFreeBytes + TextPieces.pieceBytes,
          problem: .tooDense(ratio: TextPieces.ratioLimit))
    )
    #expect(error?.description.contains("check which file was meant") == true)
    let letters = try Gzip.deflate([UInt8](repeating: 0x61, count: 8 << 20), path: "x", level: 9)
    for text in [member, letters] {
      let small = storageError { try CSVImporter.read(text, path: "bars", symbolOverride: "A") }
      let isNamed =
        small == .table(path: "bars", line: 1, column: "", problem: .lineTooLong(limitBytes: 1 << 20))
        || small == .content(path: "bars", found: .bytes, place: .insideCompressed)
      #expect(isNamed, "\(String(describing: small))")
    }
    #expect(problem([UInt8](repeating: 0x61, count: 3 << 20))?.problem == .lineTooLong(limitBytes: 1 << 20))
  }

  /// Rows that are rows, but more of them than there have been days.
  @Test func rowsHaveABound() throws {
    let row = "2001-01-02,1,1,1,1,1\n"
    func table(_ rows: Int) -> [UInt8] { Array((Self.header + String(repeating: row, count: rows)).utf8) }
    #expect(try read(table(CSVImporter.rowLimit)) == CSVImporter.rowLimit)
    for bytes in [table(CSVImporter.rowLimit + 1), try Gzip.deflate(table(CSVImporter.rowLimit + 5), path: "x")] {
      let found = try #require(problem(bytes))
      #expect(found.line == CSVImporter.rowLimit + 2 && found.problem == .tooManyRows(limit: CSVImporter.rowLimit))
    }
  }

  @Test func emptyLinesAreWhereTheyWere() throws {
    let row = "2001-01-02,1,1,1,1,1\n"
    let empty = String(repeating: " \t\r\n", count: 90_000)
    #expect(problem(Array(empty.utf8))?.problem == .empty)
    #expect(problem([])?.problem == .empty)
    #expect(try read(Array((Self.header + row + row + empty).utf8)) == 2)
    let found = try #require(problem(Array((Self.header + row + empty + row).utf8)))
    #expect(found.line == 3 && found.problem == .emptyLine)
    let without = try #require(problem(Array((Self.header + row + empty + empty).utf8)))
    #expect(without.line == 3 && without.problem == .emptyLine)
    #expect(try read(Array(("\n" + Self.header + row).utf8)) == 1)
    #expect(try read(Array(("\u{FEFF}" + Self.header + row.dropLast()).utf8)) == 1)
  }

  /// Whatever garbage damaged gzip unpacks to, it is the gzip that is named.
  @Test func damageIsFoundBehindABadRow() throws {
    var random = SplitMix(seed: 5)
    let rows = (0..<4000).map { _ in "2001-01-02,\(random.next(below: 1 << 30)),1,1,1,1\n" }
    var packed = try Gzip.deflate(Array((Self.header + rows.joined()).utf8), path: "x")
    let whole = packed
    for place in [100, packed.count / 3, packed.count / 2] {
      packed = whole
      packed[place] ^= 0x10
      let error = storageError { try read(packed) }
      #expect(
        error?.description.contains("'bars' cannot be unpacked") == true, "\(place): \(String(describing: error))")
    }
  }
}
