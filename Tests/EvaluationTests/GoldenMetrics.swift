// Reads golden numbers of this target.

import FoundationEssentials
import Inference
import Testing

enum GoldenFile {
  /// The parsed file `name` of Tests/Fixtures/Golden.
  static func read(_ name: String) throws -> JSON {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appending(path: "Fixtures/Golden/\(name)"))
    return try JSON.parse([UInt8](data))
  }
}

extension JSON {
  /// The numbers of an array.
  var numbers: [Double] { arrayValue?.compactMap(\.doubleValue) ?? [] }
}
