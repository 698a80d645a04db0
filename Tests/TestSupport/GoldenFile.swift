// Golden numbers committed as JSON under Tests/Fixtures/Golden.

package import FoundationEssentials

package enum GoldenFile {
  /// Decodes `Tests/Fixtures/Golden/<name>.json`; a key in snake_case meets a property in camelCase.
  package static func read<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data(name))
  }

  /// The bytes of `Tests/Fixtures/Golden/<name>.json`.
  package static func data(_ name: String) throws -> Data {
    var path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    path.removeLast(2)
    return try Data(contentsOf: URL(filePath: path.joined(separator: "/") + "/Fixtures/Golden/" + name + ".json"))
  }
}
