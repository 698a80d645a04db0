// What a file is that is no text, by its first bytes.

/// Kinds of files that users try to import, and what to do with each.
package enum FileContent: String, Sendable, CaseIterable {
  case gzip, zip, bzip2, xz, zstandard, sevenZip, parquet, hdf5, arrow, excel, numpy, pickle, sqlite, json, markup, pdf
  case bytes

  /// Where the bytes were found.
  package enum Place: Sendable, Equatable {
    case file
    case insideCompressed

    var verb: String { self == .file ? "is" : "holds, compressed," }
  }

  /// How many of a file's first bytes are enough.
  static let lookedAt = 512

  /// What the first bytes of a file or text say; nil for text that may be a table. Bytes of UTF-16 are text.
  static func of(_ bytes: [UInt8]) -> FileContent? {
    for (content, beginning) in beginnings where bytes.starts(with: beginning) { return content }
    if UTF16Text(beginning: bytes) != nil { return nil }
    let text = bytes.drop { [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].contains($0) }
    if text.starts(with: "{".utf8) || text.starts(with: "[".utf8) && isArray(text.dropFirst()) { return .json }
    if text.starts(with: "<".utf8) { return .markup }
    // No text has these; a few may be damage, which the reader names with its line.
    let foreign = bytes.prefix(lookedAt).count { $0 < 9 || (14..<32).contains($0) }
    return foreign > 16 && foreign * 16 > min(bytes.count, lookedAt) ? .bytes : nil
  }

  /// Whether what stands behind a bracket is a value of JSON, and no name of a column: `[QUOTE_DATE], ...`.
  private static func isArray(_ text: ArraySlice<UInt8>) -> Bool {
    let value = text.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
    guard let first = value.first else { return true }
    return "{[]\"-".utf8.contains(first) || (48...57).contains(first)
      || ["true", "false", "null"].contains { value.starts(with: $0.utf8) }
  }

  private static let beginnings: [(FileContent, [UInt8])] = [
    (.gzip, [0x1f, 0x8b]), (.zip, [0x50, 0x4b, 3, 4]), (.zip, [0x50, 0x4b, 5, 6]), (.bzip2, Array("BZh".utf8)),
    (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), (.zstandard, [0x28, 0xb5, 0x2f, 0xfd]),
    (.sevenZip, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), (.parquet, Array("PAR1".utf8)),
    (.hdf5, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]), (.arrow, Array("ARROW1".utf8)),
    (.excel, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), (.numpy, [0x93] + Array("NUMPY".utf8)),
    (.pickle, [0x80, 4, 0x95]), (.pickle, [0x80, 5, 0x95]), (.sqlite, Array("SQLite format 3".utf8)),
    (.pdf, Array("%PDF-".utf8)),
  ]

  var words: String {
    switch self {
    case .gzip: "a gzip file"
    case .zip: "a zip archive"
    case .bzip2: "a bzip2 file"
    case .xz: "an xz file"
    case .zstandard: "a Zstandard file"
    case .sevenZip: "a 7z archive"
    case .parquet: "a Parquet file"
    case .hdf5: "an HDF5 file"
    case .arrow: "an Arrow (Feather) file"
    case .excel: "an Excel workbook of the old kind (.xls)"
    case .numpy: "a NumPy file"
    case .pickle: "a Python pickle"
    case .sqlite: "an SQLite database"
    case .json: "JSON"
    case .markup: "a page of HTML or XML, as a download that failed is"
    case .pdf: "a PDF document"
    case .bytes: "no text, but bytes of an unknown kind"
    }
  }

  func remedy(_ place: Place) -> String {
    switch self {
    case .gzip, .zip:
      place == .file ? "check which file was meant" : "unpack the outer one, and import the file that was in it"
    case .bzip2: "unpack it (bunzip2 FILE), and import the file that was in it"
    case .xz: "unpack it (unxz FILE), and import the file that was in it"
    case .zstandard: "unpack it (unzstd FILE), and import the file that was in it"
    case .sevenZip: "unpack it (7z x FILE), and import the file that was in it"
    case .parquet: "write its table as CSV, for example with pandas: read_parquet(FILE).to_csv(...)"
    case .hdf5: "write its table as CSV; a market store needs no import"
    case .arrow: "write its table as CSV, for example with pandas: read_feather(FILE).to_csv(...)"
    case .excel, .numpy, .pickle, .sqlite, .json: "write its table as CSV, one row a bar, and import that"
    case .markup: "open it to see what it says, and fetch the file again"
    case .pdf, .bytes: "check which file was meant"
    }
  }
}

/// Text of two bytes a character, as Excel writes "Unicode text".
struct UTF16Text {
  private let isBigEndian: Bool
  /// The bytes of a character that the last piece cut.
  private var left: [UInt8] = []

  /// nil unless the bytes begin with the mark of such a text, or with several letters that have a zero beside each.
  init?(beginning bytes: [UInt8]) {
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      isBigEndian = bytes[0] == 0xfe
      return
    }
    let first = bytes.prefix(16)
    guard first.count == 16 else { return nil }
    func alternate(_ zero: Int) -> Bool { first.indices.allSatisfy { (first[$0] == 0) == ($0 % 2 == zero) } }
    guard alternate(0) || alternate(1) else { return nil }
    isBigEndian = alternate(0)
  }

  /// The characters that a further piece completes, as UTF-8. What is no character becomes the mark for one that is unknown.
  mutating func utf8(_ piece: [UInt8]) -> [UInt8] {
    let bytes = left + piece
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count / 2)
    for place in stride(from: 0, to: bytes.count - 1, by: 2) {
      let (first, second) = (UInt16(bytes[place]), UInt16(bytes[place + 1]))
      units.append(isBigEndian ? first << 8 | second : second << 8 | first)
    }
    // A high surrogate waits for the low one.
    if let last = units.last, (0xd800..<0xdc00).contains(last) { units.removeLast() }
    left = Array(bytes[(2 * units.count)...])
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  /// What is left at the end, where the text was cut inside a character.
  mutating func finish() -> [UInt8] {
    defer { left = [] }
    return left.isEmpty ? [] : Array("\u{FFFD}".utf8)
  }
}
