// What is in a checkpoint: named texts and named states, and how they lie in the file.

package import AgentInterface
import Text

/// A whole saved run. Storage knows no algorithm: it keeps what it is given, bit for bit.
///
/// `attributes` become text attributes of the file's root: run name, created (UTC), source revision, algorithm, environment, seed, resolved
/// configuration (JSON), dataset fingerprints, and JSON texts such as a network's spec. `groups` become HDF5 groups by their names
/// (`network`, `optimizer`, `normalizer`, `random`, `environment`, `progress`, `algorithm/...`), their vectors datasets.
package struct Checkpoint: Sendable, Equatable {
  /// Raised when older programs could not read the file any more.
  package static let schemaVersion = 1

  /// Names are not empty, at most 200 bytes, without control characters, and not `schema_version`, which is the file's own.
  package var attributes: [String: String]
  /// Names of groups and vectors are components between `/`, none of them empty, `.` or `..`. No name of a file may be used twice: a vector
  /// `a` in two kinds, or a vector `b/c` of group `a` beside a vector `c` of group `a/b`, cannot be told apart.
  package var groups: [String: StateRecord]

  package init(attributes: [String: String] = [:], groups: [String: StateRecord] = [:]) {
    self.attributes = attributes
    self.groups = groups
  }

  /// The bytes of a checkpoint file. Equal checkpoints give equal bytes. Traps on names that the file cannot hold; `path` is for errors.
  package func encoded(path: String = "checkpoint") throws(StorageError) -> [UInt8] {
    SealedFile.sealed(try image(path: path), as: .checkpoint)
  }

  /// Writes these bytes, whole or not at all, as `AtomicWrite` does.
  package func write(to path: String, in folder: HeldFolder? = nil) throws(StorageError) {
    try write(to: [path], in: folder)
  }

  /// The same under several names, one after the other: the bytes are made once. Files of their own, because a link would carry whatever is done to one
  /// of them into the other.
  package func write(to paths: [String], in folder: HeldFolder? = nil) throws(StorageError) {
    guard let first = paths.first else { return }
    let image = try image(path: first)
    for path in paths { try SealedFile.write(image, as: .checkpoint, to: path, in: folder) }
  }

  /// The file before it is sealed.
  private func image(path: String) throws(StorageError) -> HDF5Memory {
    checkNames()
    var size = 1 << 16
    for record in groups.values {
      for vector in record.floats.values { size += 4 * vector.count + 512 }
      for vector in record.doubles.values { size += 8 * vector.count + 512 }
      for vector in record.integers.values { size += 8 * vector.count + 512 }
    }
    let expectedBytes = size
    return try HDF5.exclusive { (call) throws(StorageError) -> HDF5Memory in
      try HDF5File.image(path: path, call: call, expectedBytes: expectedBytes) { (root) throws(StorageError) in
        try root.writeAttribute(Checkpoint.schemaAttribute, "\(Checkpoint.schemaVersion)")
        for (name, text) in attributes.sorted(by: { $0.key < $1.key }) { try root.writeAttribute(name, text) }
        for (name, record) in groups.sorted(by: { $0.key < $1.key }) {
          let group = try root.makeGroup(name)
          try group.writeAttribute(Checkpoint.recordMark, "1")
          try Checkpoint.write(record.floats, to: group)
          try Checkpoint.write(record.doubles, to: group)
          try Checkpoint.write(record.integers, to: group)
        }
      }
    }
  }

  /// The checkpoint that a file's bytes hold. Throws an error that names `path` if any byte differs from what was written.
  package init(decoding bytes: [UInt8], path: String) throws(StorageError) {
    try SealedFile.verify(bytes, is: .checkpoint, path: path)
    let root = try HDF5Image(bytes, path: path).root()
    self.init(attributes: try root.attributes())
    guard let version = attributes.removeValue(forKey: Checkpoint.schemaAttribute) else {
      throw .damaged(path: path, place: "'/'", reason: "it has no schema version")
    }
    guard version == "\(Checkpoint.schemaVersion)" else {
      throw .unsupportedVersion(
        path: path, subject: "checkpoint schema", found: version, supported: "\(Checkpoint.schemaVersion)")
    }
    try readGroups(below: root, name: "", record: nil, vectorPrefix: "", depth: 0)
  }

  // MARK: Layout

  /// The file's own attribute.
  private static let schemaAttribute = "schema_version"
  /// The attribute that tells a group that is a `StateRecord` from a group that is only on the way to one.
  private static let recordMark = "state_record"
  /// Deeper nesting is nobody's: names are two or three components long.
  private static let deepest = 16
  /// Bytes of an attribute's name, or of a vector's with all groups around it.
  private static let longestName = 200

  private static func write<Element: HDF5Element>(
    _ vectors: [String: [Element]], to group: borrowing HDF5Group
  ) throws(StorageError) {
    for (name, values) in vectors.sorted(by: { $0.key < $1.key }) {
      if let slash = name.lastIndex(of: "/") {
        try group.makeGroup(String(name[..<slash])).write(values, as: String(name[name.index(after: slash)...]))
      } else {
        try group.write(values, as: name)
      }
    }
  }

  private mutating func readGroups(
    below group: HDF5Object, name: String, record: String?, vectorPrefix: String, depth: Int
  ) throws(StorageError) {
    guard depth <= Checkpoint.deepest else { throw group.damaged("groups are nested too deeply") }
    for child in try group.children() {
      let path = name.isEmpty ? child.name : name + "/" + child.name
      guard path.utf8.count <= Checkpoint.longestName else { throw group.damaged("a name below it is too long") }
      if child.isGroup {
        if try child.attributes()[Checkpoint.recordMark] != nil {
          groups[path] = StateRecord()
          try readGroups(below: child, name: path, record: path, vectorPrefix: "", depth: depth + 1)
        } else {
          try readGroups(
            below: child, name: path, record: record, vectorPrefix: vectorPrefix + child.name + "/", depth: depth + 1)
        }
      } else {
        guard let record else { throw group.damaged("'\(child.name)' belongs to no state") }
        let dataset = try HDF5Dataset(child)
        let vector = vectorPrefix + child.name
        switch dataset.kind {
        case .float: groups[record]?.floats[vector] = try dataset.read()
        case .double: groups[record]?.doubles[vector] = try dataset.read()
        case .integer64: groups[record]?.integers[vector] = try dataset.read()
        case .integer32: throw group.damaged("'\(child.name)' holds 32-bit integers")
        case .byte: throw group.damaged("'\(child.name)' holds bytes")
        }
      }
    }
  }

  /// What a caller did wrong is found before anything is written.
  private func checkNames() {
    for name in attributes.keys {
      precondition(
        !name.isEmpty && name.utf8.count <= Checkpoint.longestName && PrintableText.of(name) == name
          && name != Checkpoint.schemaAttribute,
        "a checkpoint cannot have an attribute named '\(name)'")
    }
    var vectors: Set<String> = []
    var folders: Set<String> = []
    for (groupName, record) in groups {
      folders.insert(groupName)
      let names = [Array(record.floats.keys), Array(record.doubles.keys), Array(record.integers.keys)].flatMap { $0 }
      for path in [groupName] + names.map({ groupName + "/" + $0 }) {
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        precondition(
          components.count < Checkpoint.deepest && path.utf8.count <= Checkpoint.longestName
            && PrintableText.of(path) == path
            && components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." },
          "a checkpoint cannot hold something named '\(path)'")
        guard path != groupName else { continue }
        precondition(vectors.insert(path).inserted, "a checkpoint cannot hold two vectors named '\(path)'")
        for length in 1..<components.count { folders.insert(components[..<length].joined(separator: "/")) }
      }
    }
    if let both = vectors.intersection(folders).min() {
      preconditionFailure("a checkpoint cannot hold both a vector and a group named '\(both)'")
    }
    // A vector `b/c` of group `a` lies where a vector `c` of a group `a/b` would.
    for (groupName, record) in groups {
      let names = [Array(record.floats.keys), Array(record.doubles.keys), Array(record.integers.keys)].flatMap { $0 }
      for name in names {
        guard let slash = name.lastIndex(of: "/") else { continue }
        let folder = groupName + "/" + name[..<slash]
        precondition(
          !groups.keys.contains { folder == $0 || folder.hasPrefix($0 + "/") && $0.hasPrefix(groupName + "/") },
          "the vector '\(name)' of '\(groupName)' would lie in the group '\(folder)'")
      }
    }
  }
}
