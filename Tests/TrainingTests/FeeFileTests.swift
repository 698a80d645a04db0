// The tables of fees that are shipped as files are those that the programs bring along.

import Configuration
import Foundation
import Testing
import Text
import Trading

private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "scripts/configurations/fees")

@Test(arguments: ["retail", "zero_commission", "ibkr"])
func shippedTablesOfFeesAreTheProfiles(name: String) throws {
  let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "\(name).yaml")))
  let table = try FeeTable(try YAML.parse(bytes, source: name), source: name)
  #expect(table == FeeTable.profile(named: name))
}

@Test func everyProfileIsShipped() throws {
  let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
  #expect(Set(files) == Set(FeeTable.profiles.map { $0.name + ".yaml" }))
}
