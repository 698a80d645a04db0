// Recorded episodes as flat columns in HDF5, readable by any HDF5 program.

import Glibc

/// What a policy saw, did and got, step by step. Every column is a dataset: a vector, or a matrix with a row a step; episodes lie one
/// behind the other, and the columns below `episodes` tell where each begins. Storage knows no column: it keeps what it is given.
package struct RolloutFile: Sendable, Equatable {
  package static let schemaVersion = 1

  /// What the columns are of; a file of one kind is refused as the other.
  package enum Content: Sendable {
    /// Episodes.
    case rollouts
    /// One update or step of a run in which something was wrong.
    case incident
    /// Of a symbol: `VolatilityHistoryFile`.
    case volatilityHistory
    /// Of a chain: `FittedSurfaceFile`.
    case fittedSurfaces

    var kind: SealedFile.Kind {
      switch self {
      case .rollouts: .rollouts
      case .incident: .incident
      case .volatilityHistory: .volatilityHistory
      case .fittedSurfaces: .fittedSurfaces
      }
    }

    /// What an error calls its layout.
    var schemaWords: String {
      switch self {
      case .rollouts: "rollout schema"
      case .incident: "incident schema"
      case .volatilityHistory: "volatility history schema"
      case .fittedSurfaces: "fitted surfaces schema"
      }
    }
  }

  /// Numbers of one kind, bit for bit.
  package struct Column: Sendable, Equatable {
    package enum Values: Sendable, Equatable {
      case bytes([UInt8])
      case integers([Int64])
      case floats([Float])
      case doubles([Double])

      package var count: Int {
        switch self {
        case .bytes(let values): values.count
        case .integers(let values): values.count
        case .floats(let values): values.count
        case .doubles(let values): values.count
        }
      }

      var words: String {
        switch self {
        case .bytes: "u8"
        case .integers: "i64"
        case .floats: "f32"
        case .doubles: "f64"
        }
      }
    }

    package var values: Values
    /// Values a row of a matrix; nil for a vector.
    package var width: Int?

    package init(_ values: Values, width: Int? = nil) {
      precondition(
        width.map { $0 > 0 && values.count % $0 == 0 } ?? true, "\(values.count) values in rows of \(width ?? 0)")
      self.values = values
      self.width = width
    }

    /// `542 x 26 f32`.
    var words: String {
      (width.map { "\(values.count / $0) x \($0)" } ?? "\(values.count)") + " " + values.words
    }
  }

  /// Where the rollouts come from: text attributes of the file's root.
  package var attributes: [String: String]
  /// By name: one component, or two with a slash between.
  package var columns: [String: Column]
  package let content: Content

  package init(attributes: [String: String], columns: [String: Column], content: Content = .rollouts) {
    self.content = content
    self.attributes = attributes
    self.columns = columns
  }

  /// Writes a new file, whole or not at all. A file that is there already is refused, not replaced.
  package func write(toNew path: String) throws(StorageError) {
    try RolloutFile.requireNew(path)
    try AtomicWrite.write(try encoded(path: path), to: path)
  }

  /// Throws where something of that name exists.
  package static func requireNew(_ path: String) throws(StorageError) {
    // A link that leads nowhere is something too.
    var status = stat()
    guard lstat(path, &status) != 0 else { throw .system(path: path, operation: .create, code: EEXIST) }
  }

  package static func read(_ path: String, content: Content = .rollouts) throws(StorageError) -> RolloutFile {
    try RolloutFile(decoding: SealedFile.read(path, content.kind), path: path, content: content)
  }

  private static let schemaAttribute = "schema_version"

  /// The bytes of the file. Equal rollouts give equal bytes. Traps on names that the file cannot hold.
  package func encoded(path: String = "rollouts") throws(StorageError) -> [UInt8] {
    for name in columns.keys {
      let components = name.split(separator: "/", omittingEmptySubsequences: false)
      precondition(
        (1...2).contains(components.count) && components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." },
        "a column cannot be named '\(name)'")
    }
    let expectedBytes = columns.values.reduce(1 << 16) { $0 + 8 * $1.values.count + 512 }
    let image = try HDF5.exclusive { (call) throws(StorageError) -> HDF5Memory in
      try HDF5File.image(path: path, call: call, expectedBytes: expectedBytes) { (root) throws(StorageError) in
        try root.writeAttribute(RolloutFile.schemaAttribute, "\(RolloutFile.schemaVersion)")
        for (name, text) in attributes.sorted(by: { $0.key < $1.key }) { try root.writeAttribute(name, text) }
        for (name, column) in columns.sorted(by: { $0.key < $1.key }) {
          let parts = name.split(separator: "/").map(String.init)
          let group = try root.makeGroup(parts.count == 2 ? parts[0] : "")
          let leaf = parts[parts.count - 1]
          switch column.values {
          case .bytes(let values): try group.write(values, as: leaf, columns: column.width)
          case .integers(let values): try group.write(values, as: leaf, columns: column.width)
          case .floats(let values): try group.write(values, as: leaf, columns: column.width)
          case .doubles(let values): try group.write(values, as: leaf, columns: column.width)
          }
        }
      }
    }
    return SealedFile.sealed(image, as: content.kind)
  }

  /// The rollouts that a file's bytes hold. Throws an error that names `path` if any byte differs from what was written.
  package init(decoding bytes: [UInt8], path: String, content: Content = .rollouts) throws(StorageError) {
    try SealedFile.verify(bytes, is: content.kind, path: path)
    let root = try HDF5Image(bytes, path: path).root()
    self.init(attributes: try root.attributes(), columns: [:], content: content)
    guard let version = attributes.removeValue(forKey: RolloutFile.schemaAttribute) else {
      throw .damaged(path: path, place: "'/'", reason: "it has no schema version")
    }
    guard version == "\(RolloutFile.schemaVersion)" else {
      throw .unsupportedVersion(
        path: path, subject: content.schemaWords, found: version,
        supported: "\(RolloutFile.schemaVersion)")
    }
    for child in try root.children() {
      guard child.isGroup else {
        columns[child.name] = try Column(child)
        continue
      }
      for leaf in try child.children() {
        guard !leaf.isGroup else { throw child.damaged("groups are nested too deeply") }
        columns[child.name + "/" + leaf.name] = try Column(leaf)
      }
    }
  }
}

extension RolloutFile.Column {
  fileprivate init(_ object: HDF5Object) throws(StorageError) {
    let dataset = try HDF5Dataset(object, allowsMatrix: true)
    let values: Values =
      switch dataset.kind {
      case .byte: .bytes(try dataset.read())
      case .integer64: .integers(try dataset.read())
      case .float: .floats(try dataset.read())
      case .double: .doubles(try dataset.read())
      case .integer32: throw object.damaged("it holds 32-bit integers")
      }
    if let width = dataset.columns, width == 0 || values.count % width != 0 {
      throw object.damaged("it has rows of \(width)")
    }
    self.init(values, width: dataset.columns)
  }
}
