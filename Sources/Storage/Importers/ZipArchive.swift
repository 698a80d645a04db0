// What a zip archive holds, by its own directory, which stands at its end.

import CZLIB
import Glibc
import Text

/// The members of a zip archive that can be read: stored or deflated files, with 32- or 64-bit sizes. Whatever the bytes, what is handed out lies inside the
/// file, apart from every other member, under a name that is no trick.
///
/// Source of the format: PKWARE, APPNOTE.TXT 6.3.9, sections 4.3 to 4.5.
struct ZipArchive {
  enum Method: UInt16 {
    case stored = 0
    case deflated = 8
  }

  struct Member: Equatable {
    var name: String
    var method: Method
    /// Where its own header begins.
    var headerOffset: Int
    var packedBytes: Int
    var textBytes: Int
    /// CRC-32 of its text.
    var checksum: UInt32

    /// Where its packed bytes begin. Throws where its own header is none, or does not leave room for them.
    func dataStart(in source: ByteSource, path: String) throws(StorageError) -> Int {
      let header = try source.read(at: headerOffset, count: ZipArchive.localHeaderBytes)
      guard header.count == ZipArchive.localHeaderBytes, ZipArchive.number32(header, 0) == 0x0403_4b50 else {
        throw .archive(path: path, problem: .damaged("no member begins where its directory says"))
      }
      let start =
        headerOffset + ZipArchive.localHeaderBytes + ZipArchive.number16(header, 26) + ZipArchive.number16(header, 28)
      guard start + packedBytes <= source.size else {
        throw .archive(path: path, problem: .damaged("a member ends behind the end of the file"))
      }
      return start
    }
  }

  /// More than any archive of bars holds: a member for every symbol and day of half a year's market.
  static let memberLimit = 1 << 20
  /// A directory of that many members with long names.
  static let directoryLimitBytes = 128 << 20
  static let nameLimitBytes = 1024

  private static let localHeaderBytes = 30
  private static let entryBytes = 46
  private static let endBytes = 22
  private static let locatorBytes = 20
  private static let longestComment = 65_535

  /// In the order of the directory; folders and what macOS adds to them are left out.
  let members: [Member]

  static func isArchive(_ bytes: [UInt8]) -> Bool {
    // An archive without members begins with its end.
    bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) || bytes.starts(with: [0x50, 0x4b, 0x05, 0x06])
  }

  /// `ARCHIVE.zip:MEMBER` in its parts, where no file has the whole as its name; any other path is a file's.
  static func parts(of path: String) -> (file: String, member: String?) {
    guard access(path, F_OK) != 0, let colon = path.firstRange(of: ".zip:") else { return (path, nil) }
    return (String(path[..<colon.lowerBound]) + ".zip", String(path[colon.upperBound...]))
  }

  /// The member of a name, or all where none is asked for, in the order of the directory. Throws where there is none.
  func members(named name: String?, path: String) throws(StorageError) -> [Member] {
    guard let name else {
      guard !members.isEmpty else { throw .archive(path: path, problem: .noMember) }
      return members
    }
    let found = members.filter { $0.name == name }
    guard !found.isEmpty else {
      let existing = members.prefix(8).map { PrintableText.name($0.name) }
      throw .archive(path: path, problem: .absent(member: PrintableText.name(name), existing: existing))
    }
    return found
  }

  init(_ source: ByteSource, path: String) throws(StorageError) {
    func fail(_ problem: ArchiveProblem) -> StorageError { .archive(path: path, problem: problem) }
    let (offset, size, count) = try ZipArchive.directory(of: source, path: path)
    guard count <= ZipArchive.memberLimit, size <= ZipArchive.directoryLimitBytes else {
      throw fail(.tooManyMembers(limit: ZipArchive.memberLimit))
    }
    let directory = try source.read(at: offset, count: size)
    guard directory.count == size else { throw fail(.truncated) }
    var members: [Member] = []
    var place = 0
    for _ in 0..<count {
      guard let (member, length) = try ZipArchive.member(directory, at: place, path: path) else {
        throw fail(.damaged("its directory ends before its last member"))
      }
      place += length
      if let member { members.append(member) }
    }
    try ZipArchive.checkPlaces(members, end: offset, path: path)
    self.members = members
  }

  // MARK: Directory

  /// Where the directory stands, its bytes and how many members it lists.
  private static func directory(
    of source: ByteSource, path: String
  ) throws(StorageError) -> (offset: Int, size: Int, count: Int) {
    let tailStart = max(0, source.size - endBytes - longestComment)
    let tail = try source.read(at: tailStart, count: source.size - tailStart)
    var end = tail.count - endBytes
    while end >= 0, number32(tail, end) != 0x0605_4b50 || number16(tail, end + 20) != tail.count - end - endBytes {
      end -= 1
    }
    guard end >= 0 else { throw .archive(path: path, problem: .truncated) }
    guard number16(tail, end + 4) == number16(tail, end + 6) else {
      throw .archive(path: path, problem: .severalDisks)
    }
    var found = (
      offset: number32(tail, end + 16), size: number32(tail, end + 12), count: number16(tail, end + 10)
    )
    // 64-bit numbers stand in a record of their own, which a locator before the end leads to.
    if found.offset == 0xffff_ffff || found.size == 0xffff_ffff || found.count == 0xffff {
      let place = tailStart + end - locatorBytes
      let locator = try source.read(at: max(0, place), count: locatorBytes)
      if place >= 0, number32(locator, 0) == 0x0706_4b50 {
        let record = try source.read(at: number64(locator, 8), count: 56)
        guard record.count == 56, number32(record, 0) == 0x0606_4b50 else {
          throw .archive(path: path, problem: .damaged("its 64-bit directory is not where it should be"))
        }
        found = (number64(record, 48), number64(record, 40), number64(record, 32))
      }
    }
    guard found.offset <= source.size, found.size <= source.size - found.offset else {
      throw .archive(path: path, problem: .truncated)
    }
    return found
  }

  /// A member of the directory (nil for one that holds no text), and the bytes of its entry; nil behind the directory's end.
  private static func member(
    _ directory: [UInt8], at place: Int, path: String
  ) throws(StorageError) -> (member: Member?, length: Int)? {
    guard place + entryBytes <= directory.count, number32(directory, place) == 0x0201_4b50 else { return nil }
    let (nameBytes, extraBytes) = (number16(directory, place + 28), number16(directory, place + 30))
    let length = entryBytes + nameBytes + extraBytes + number16(directory, place + 32)
    guard place + length <= directory.count else { return nil }
    let name = String(decoding: directory[place + entryBytes..<place + entryBytes + nameBytes], as: UTF8.self)
    func fail(_ problem: ArchiveProblem) -> StorageError { .archive(path: path, problem: problem) }
    let shown = PrintableText.name(name)
    guard isHarmless(name), nameBytes <= nameLimitBytes else { throw fail(.name(shown)) }
    if name.hasSuffix("/") || name.hasPrefix("__MACOSX/") || name.hasSuffix(".DS_Store") { return (nil, length) }
    guard number16(directory, place + 8) & 1 == 0 else { throw fail(.encrypted(member: shown)) }
    let code = UInt16(number16(directory, place + 10))
    guard let method = Method(rawValue: code) else { throw fail(.method(member: shown, code: Int(code))) }
    var (packed, text) = (number32(directory, place + 20), number32(directory, place + 24))
    var header = number32(directory, place + 42)
    // The extra field of 64-bit numbers holds those that do not fit, in this order.
    var wide = wideNumbers(directory[place + entryBytes + nameBytes..<place + entryBytes + nameBytes + extraBytes])[...]
    if text == 0xffff_ffff, let number = wide.popFirst() { text = number }
    if packed == 0xffff_ffff, let number = wide.popFirst() { packed = number }
    if header == 0xffff_ffff, let number = wide.popFirst() { header = number }
    if method == .stored, packed != text {
      throw fail(.damaged("'\(shown)' is stored in \(packed) bytes, but has \(text)"))
    }
    return (
      Member(
        name: name, method: method, headerOffset: header, packedBytes: packed, textBytes: text,
        checksum: UInt32(truncatingIfNeeded: number32(directory, place + 16))), length
    )
  }

  /// The 64-bit numbers of an entry's extra fields.
  private static func wideNumbers(_ fields: ArraySlice<UInt8>) -> [Int] {
    let fields = Array(fields)
    var place = 0
    while place + 4 <= fields.count {
      let (kind, length) = (number16(fields, place), number16(fields, place + 2))
      guard place + 4 + length <= fields.count else { return [] }
      if kind == 1 { return (0..<length / 8).map { number64(fields, place + 4 + 8 * $0) } }
      place += 4 + length
    }
    return []
  }

  /// A relative path of plain characters that leads to no folder above.
  private static func isHarmless(_ name: String) -> Bool {
    guard !name.isEmpty, !name.hasPrefix("/"), PrintableText.of(name) == name else { return false }
    guard !name.contains("\\"), !name.contains(":") else { return false }
    return !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
  }

  /// Members that share bytes unpack to more than an archive can hold, and two of one name to whichever is asked first.
  private static func checkPlaces(_ members: [Member], end: Int, path: String) throws(StorageError) {
    var names: Set<String> = []
    for member in members where !names.insert(member.name).inserted {
      throw .archive(path: path, problem: .repeated(member: PrintableText.name(member.name)))
    }
    var free = 0
    for member in members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
      let (start, overflow) = member.headerOffset.addingReportingOverflow(localHeaderBytes)
      guard !overflow, member.headerOffset >= free, member.packedBytes <= end, start <= end - member.packedBytes else {
        throw .archive(path: path, problem: .overlapping(member: PrintableText.name(member.name)))
      }
      free = start + member.packedBytes
    }
  }

  // MARK: Numbers

  private static func number16(_ bytes: [UInt8], _ place: Int) -> Int {
    Int(bytes[place]) | Int(bytes[place + 1]) << 8
  }

  private static func number32(_ bytes: [UInt8], _ place: Int) -> Int {
    guard place + 4 <= bytes.count else { return 0 }
    return number16(bytes, place) | number16(bytes, place + 2) << 16
  }

  /// One that no file is as large as reads as the largest number.
  private static func number64(_ bytes: [UInt8], _ place: Int) -> Int {
    guard place + 8 <= bytes.count else { return 0 }
    let high = number32(bytes, place + 4)
    return high > 0x7fff_ffff ? .max : number32(bytes, place) | high << 32
  }
}

/// Why a zip archive is not read.
package enum ArchiveProblem: Equatable, Sendable, CustomStringConvertible {
  case truncated
  case damaged(String)
  case severalDisks
  case tooManyMembers(limit: Int)
  case name(String)
  case repeated(member: String)
  case overlapping(member: String)
  case encrypted(member: String)
  case method(member: String, code: Int)
  case noMember
  case absent(member: String, existing: [String])

  package var description: String {
    switch self {
    case .truncated: "is a zip archive whose directory is missing: it was cut short"
    case .damaged(let reason): "is a damaged zip archive: \(reason)"
    case .severalDisks: "is one part of a zip archive of several"
    case .tooManyMembers(let limit): "is a zip archive of more than \(limit) members"
    case .name(let name): "is a zip archive with a member of a name that no file should have, '\(name)'"
    case .repeated(let member): "is a zip archive with two members of the name '\(member)'"
    case .overlapping(let member): "is a zip archive whose member '\(member)' lies where something else does"
    case .encrypted(let member): "is a zip archive whose member '\(member)' is encrypted"
    case .method(let member, let code):
      "is a zip archive whose member '\(member)' is packed by "
        + (ArchiveProblem.methods[code] ?? "an unknown method, number \(code)")
    case .noMember: "is a zip archive without a file in it"
    case .absent(let member, let existing):
      "is a zip archive without a member '\(member)'; it holds \(existing.joined(separator: ", "))"
    }
  }

  var remedy: String {
    switch self {
    case .truncated, .damaged, .severalDisks: "fetch or copy it again"
    case .tooManyMembers, .name, .repeated, .overlapping: "unpack it with care, and import the file that was meant"
    case .encrypted, .method: "unpack it, and import the file that was in it"
    case .noMember: "check which file was meant"
    case .absent: "name one of these"
    }
  }

  private static let methods = [9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz"]
}
