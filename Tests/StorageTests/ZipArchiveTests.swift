// Zips are read by their directory, and nothing that one says is believed before it is checked.

import Market
import TestSupport
import Testing
import Text

@testable import Storage

private let table = Array(
  "timestamp,open,high,low,close,volume\n2024-04-01,1,2,1,1.5,100\n2024-04-02,1.5,2,1,1.75,200\n".utf8)

private func member(_ name: String, _ text: [UInt8] = table) throws -> ZipBuilder.Member {
  ZipBuilder.Member(name, text, gzip: try Gzip.deflate(text, path: "x"))
}

@Suite struct ZipArchiveTests {
  private func read(_ bytes: [UInt8]) throws(StorageError) -> [BarSeries] {
    try CSVImporter.read(bytes, path: "bars.zip", symbolOverride: "A").series
  }

  private func refusal(_ members: [ZipBuilder.Member]) -> StorageError? {
    storageError { try read(ZipBuilder(members).bytes) }
  }

  @Test func oneMemberIsReadWhateverItsMethodAndNumbers() throws {
    let expected = try read(table)
    var wide = try member("folder/bars.csv")
    wide.isWide = true
    var archives = [ZipBuilder([.init("bars.csv", table)]), ZipBuilder([try member("bars.csv")]), ZipBuilder([wide])]
    archives.append(ZipBuilder([.init("bars/", []), try member("bars/a.csv"), .init("__MACOSX/bars/._a.csv", [0])]))
    archives[1].comment = Array("PK\u{5}\u{6} a comment that begins like an end".utf8)
    for archive in archives { #expect(try read(archive.bytes) == expected) }
  }

  /// Whatever the name of the file says: told by its bytes.
  @Test func digestIsOfTheWholeFileAndMembersAreNamed() throws {
    try withScratchFolder { (folder) throws in
      let bytes = ZipBuilder([try member("a.csv"), try member("b.csv")]).bytes
      let path = folder + "/bars.zip"
      writePlainly(bytes, to: path)
      let (series, provenance) = try CSVImporter.read(path: path + ":b.csv", symbolOverride: "A")
      #expect(series == (try read(table)) && provenance.rows == 2)
      #expect(provenance.sourceName == "bars.zip" && provenance.sourceSHA256 == SHA256.hex(bytes))
      let error = storageError { try CSVImporter.read(path: path + ":c.csv", symbolOverride: "A") }
      #expect(error == .archive(path: path, problem: .absent(member: "c.csv", existing: ["a.csv", "b.csv"])))
    }
  }

  /// The same days in two members: one series, the later one's rows where they differ.
  @Test func membersOfOneSymbolMakeOneSeries() throws {
    let later = Array("timestamp,open,high,low,close,volume\n2024-04-02,1.5,2,1,1.25,200\n2024-04-03,1,2,1,1,5\n".utf8)
    let series = try read(ZipBuilder([try member("a.csv"), try member("b.csv", later)]).bytes)
    #expect(series.count == 1 && series[0].close == [1.5, 1.25, 1])
  }

  @Test func whatItSaysOfItsMembersIsChecked() throws {
    let whole = try member("bars.csv")
    func with(_ change: (inout ZipBuilder.Member) -> Void) -> [ZipBuilder.Member] {
      var changed = whole
      change(&changed)
      return [changed]
    }
    func problem(_ members: [ZipBuilder.Member]) -> ArchiveProblem? {
      guard case .archive("bars.zip", let problem) = refusal(members) else { return nil }
      return problem
    }
    #expect(problem(with { $0.flags = 1 }) == .encrypted(member: "bars.csv"))
    #expect(problem(with { $0.method = 12 }) == .method(member: "bars.csv", code: 12))
    #expect(problem([whole, whole]) == .repeated(member: "bars.csv"))
    #expect(problem([]) == .noMember)
    for name in ["../bars.csv", "/etc/bars.csv", "a/../../b.csv", "c:\\bars.csv", "a\u{1B}[2J.csv", ""] {
      let found = problem(with { $0.name = name })
      guard case .name = found else {
        Issue.record("'\(name)': \(String(describing: found))")
        continue
      }
    }
    // Two names for the same bytes, and bytes behind the end.
    var second = try member("second.csv")
    second.headerOffset = 0
    #expect(problem([whole, second]) == .overlapping(member: "second.csv"))
    #expect(problem(with { $0.headerOffset = 1 << 30 }) == .overlapping(member: "bars.csv"))
    #expect(
      refusal(with { $0.headerOffset = 7 })
        == .archive(path: "bars.zip:bars.csv", problem: .damaged("no member begins where its directory says")))
    var wide = whole
    (wide.isWide, wide.headerOffset) = (true, .max)
    #expect(problem([wide]) == .overlapping(member: "bars.csv"))
    // What is unpacked must be what was announced.
    for changed in [with { $0.checksum ^= 1 }, with { $0.textBytes += 1 }, with { $0.packed.removeLast(4) }] {
      #expect(refusal(changed)?.description.contains("'bars.zip:bars.csv' cannot be unpacked") == true)
    }
  }

  @Test func everyTruncationIsNamed() throws {
    let bytes = ZipBuilder([try member("bars.csv")]).bytes
    for length in 4..<bytes.count {
      #expect(storageError { try read(Array(bytes[..<length])) } == .archive(path: "bars.zip", problem: .truncated))
    }
  }

  /// A megabyte of zip that would be a gibibyte of text, and archives in archives.
  @Test func bombsAreRefusedEarly() throws {
    let zeros = [UInt8](repeating: 0x61, count: 64 << 20)
    let packed = try Gzip.deflate(zeros, path: "x", level: 9)
    let bomb = ZipBuilder.Member("bars.csv", [], gzip: packed)
    var announced = bomb
    announced.textBytes = zeros.count
    #expect(refusal([announced])?.description.contains("grows beyond the limit of 200 times") == true)
    let inner = ZipBuilder([try member("bars.csv")]).bytes
    for (name, bytes, content) in [
      ("inner.zip", inner, FileContent.zip), ("inner.csv.gz", try Gzip.deflate(table, path: "x"), .gzip),
    ] {
      let error = refusal([try member(name, bytes)])
      #expect(error == .content(path: "bars.zip:\(name)", found: content, place: .insideCompressed))
    }
  }
}

@Suite struct FileContentTests {
  private func refusal(_ bytes: [UInt8]) -> StorageError? {
    storageError { try CSVImporter.read(bytes, path: "bars", symbolOverride: "A") }
  }

  @Test(
    arguments: [
      ([0x42, 0x5a, 0x68, 0x39], .bzip2), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], .xz),
      ([0x28, 0xb5, 0x2f, 0xfd], .zstandard),
      (Array("PAR1".utf8), .parquet), (Array("\u{89}HDF".utf8.dropFirst()), nil),
      ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], .hdf5), (Array("{\"a\": [1]}".utf8), .json),
      (Array("\n<!DOCTYPE html>".utf8), .markup), ([UInt8](repeating: 1, count: 99), .bytes),
      (Array("SQLite format 3\u{0}".utf8), .sqlite),
    ] as [([UInt8], FileContent?)])
  func whatIsNoTextIsNamed(bytes: [UInt8], content: FileContent?) throws {
    let error = try #require(refusal(bytes + [UInt8](repeating: 0x61, count: 40)))
    guard let content else {
      guard case .table = error else {
        Issue.record("\(error)")
        return
      }
      return
    }
    #expect(error == .content(path: "bars", found: content, place: .file))
    #expect(error.description.contains(content.words) && error.description.hasSuffix(content.remedy(.file)))
  }

  @Test func sixteenBitsACharacterAreRead() throws {
    let text = String(decoding: table, as: UTF8.self)
    let expected = try CSVImporter.read(table, path: "x", symbolOverride: "A").series
    let units = Array(text.utf16)
    let little = units.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let big = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    for bytes in [[0xff, 0xfe] + little, [0xfe, 0xff] + big, little, big] {
      #expect(try CSVImporter.read(bytes, path: "x", symbolOverride: "A").series == expected)
    }
    // Cut inside a character.
    #expect(refusal([0xff, 0xfe] + little.dropLast(1)) != nil)
  }

  @Test func aFileThatGrowsIsNamed() throws {
    try withScratchFolder { (folder) throws in
      let path = folder + "/bars.csv"
      writePlainly(table, to: path)
      let pieces = try TextPieces(path: path, limitBytes: 1 << 20)
      _ = try pieces.next()
      writePlainly(table + table, to: path)
      #expect(storageError { try pieces.finish() } == .changed(path: path))
    }
  }
}
