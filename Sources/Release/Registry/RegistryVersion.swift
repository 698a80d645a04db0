// One published version: what it is made of, and proof that it still is.

private import Storage
package import Text
package import Training

/// A policy that was published, with everything that it stands on. Its folder, `registry/NAME/VERSION`, never changes.
package struct RegistryVersion: Sendable, Equatable {
  /// What it lies in besides the manifest.
  package struct File: Sendable, Equatable {
    package var name: String
    package var bytes: Int
    /// SHA-256 as 64 hexadecimal digits.
    package var digest: String
  }

  static let manifestName = "version.json"
  package static let bundleName = "policy.safetensors"
  static let format = "strikeforge-version-1"

  /// `0001`, `0002`, ...
  package var version: String
  /// UTC.
  package var created: String
  package var files: [File]
  /// Content hash of the data that it was trained on, revision of the program, position of the ledger of trials: what it stands on, by name.
  package var provenance: [String: String]

  /// A version's number, or nil for any other name.
  package static func number(_ version: String) -> Int? {
    guard version.utf8.count >= 4, version.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(version),
      number > 0, name(number) == version
    else { return nil }
    return number
  }

  static func name(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// What it is, whenever and as which number it was published: the same twice is one version.
  var identity: String {
    let content: JSON = .object(["files": filesJSON, "provenance": .object(provenance.mapValues(JSON.string))])
    return SHA256.hex(Array(content.text.utf8))
  }

  private var filesJSON: JSON {
    .array(
      files.map {
        .object(["name": .string($0.name), "bytes": .integer(Int64($0.bytes)), "sha256": .string($0.digest)])
      })
  }

  package var json: JSON {
    .object([
      "format": .string(RegistryVersion.format), "version": .string(version), "created": .string(created),
      "files": filesJSON, "provenance": .object(provenance.mapValues(JSON.string)),
    ])
  }

  init(version: String, created: String, files: [File], provenance: [String: String]) {
    self.version = version
    self.created = created
    self.files = files
    self.provenance = provenance
  }

  /// Nil where it is no manifest of this format.
  init?(_ json: JSON) {
    guard json["format"]?.stringValue == RegistryVersion.format, let version = json["version"]?.stringValue,
      RegistryVersion.number(version) != nil, let created = json["created"]?.stringValue,
      let entries = json["files"]?.arrayValue, let provenance = json["provenance"]?.objectValue
    else { return nil }
    var files: [File] = []
    for entry in entries {
      guard let name = entry["name"]?.stringValue, RunName.isValid(name), let bytes = entry["bytes"]?.integerValue,
        let digest = entry["sha256"]?.stringValue
      else { return nil }
      files.append(File(name: name, bytes: bytes, digest: digest))
    }
    self.init(version: version, created: created, files: files, provenance: provenance.compactMapValues(\.stringValue))
  }
}

/// Something in a registry that is not as it was published, in a sentence.
package struct RegistryFault: Sendable, Equatable, CustomStringConvertible {
  package let place: String
  package let reason: String
  package var description: String { "\(place) \(reason)" }
}

extension RegistryVersion {
  /// Reads a version's manifest and compares every file with it. `expected`: the digest of the manifest that the history holds.
  static func check(_ folder: String, version: String, expected: String?) -> (RegistryVersion?, [RegistryFault]) {
    var faults: [RegistryFault] = []
    func fault(_ place: String, _ reason: String) { faults.append(RegistryFault(place: place, reason: reason)) }
    let path = FileSystem.join(folder, manifestName)
    guard let bytes = try? FileSystem.read(path, limitBytes: 1 << 20) else {
      return (nil, [RegistryFault(place: path, reason: "is missing or cannot be read")])
    }
    guard let manifest = (try? JSON.parse(bytes)).flatMap(RegistryVersion.init), manifest.version == version else {
      return (nil, [RegistryFault(place: path, reason: "is no manifest of version \(version)")])
    }
    if let expected, SHA256.hex(bytes) != expected {
      fault(path, "is not the manifest that was published")
    }
    for file in manifest.files {
      let path = FileSystem.join(folder, file.name)
      guard let bytes = try? FileSystem.read(path) else {
        fault(path, "is missing or cannot be read")
        continue
      }
      if bytes.count != file.bytes || SHA256.hex(bytes) != file.digest {
        fault(path, "is not the file that was published")
      }
    }
    let known = Set(manifest.files.map(\.name) + [manifestName])
    for name in (try? FileSystem.names(inFolder: folder)) ?? [] where !known.contains(name) {
      fault(FileSystem.join(folder, name), "was not published with it")
    }
    return (manifest, faults)
  }
}
