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
    try Data(contentsOf: URL(filePath: fixtures + "/Golden/" + name + ".json"))
  }

  /// `Tests/Fixtures/Runs`: what older programs left behind.
  package static let runs = fixtures + "/Runs"

  private static let fixtures: String = {
    var path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    path.removeLast(2)
    return path.joined(separator: "/") + "/Fixtures"
  }()
}
