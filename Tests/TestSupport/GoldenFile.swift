// Golden numbers committed as JSON under Tests/Fixtures/Golden.

package import FoundationEssentials

package enum GoldenFile {
  /// Decodes `Tests/Fixtures/Golden/<name>.json`; a key in snake_case meets a property in camelCase.
  package static func read<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    try decode(type, data(name))
  }

  /// Decodes `Tests/Fixtures/Measured/<name>.json`: what was found in data that is not here, which no script can make again.
  package static func readMeasured<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
    try decode(type, Data(contentsOf: URL(filePath: fixtures + "/Measured/" + name + ".json")))
  }

  private static func decode<Content: Decodable>(_ type: Content.Type, _ data: Data) throws -> Content {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data)
  }

  /// The bytes of `Tests/Fixtures/Golden/<name>.json`.
  package static func data(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: fixtures + "/Golden/" + name + ".json"))
  }

  /// `Tests/Fixtures/Runs`: what older programs left behind.
  package static let runs = fixtures + "/Runs"

  /// `Tests/Fixtures/Reports`: what older programs said of small runs.
  package static let reports = fixtures + "/Reports"

  private static let fixtures: String = {
    var path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    path.removeLast(2)
    return path.joined(separator: "/") + "/Fixtures"
  }()
}
