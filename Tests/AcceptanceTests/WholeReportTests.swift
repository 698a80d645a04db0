// Whole reports of small runs are to the bit what a program before said of them: days, minutes, and options by sessions.

import Storage
import TestSupport
import Testing
import Text

@Suite struct WholeReportTests {
  @Test(arguments: ["days", "minutes", "premium", "options"]) func everyFigureStays(name: String) throws {
    let recorded = try JSON.parse(FileSystem.read(GoldenFile.reports + "/\(name).json"))
    let expected = try #require(recorded["report"])
    let run = try #require(recorded["run"]?.stringValue)
    let leftOut = try #require(recorded["left_out"]?.arrayValue).compactMap(\.stringValue)
    var environment: [String: String] = [:]
    for (key, value) in try #require(recorded["environment"]?.objectValue) {
      environment[key] = try #require(value.stringValue)
    }
    let place: Workplace
    if let configuration = recorded["configuration"]?.stringValue {
      place = try Workplace()
      try place.folder.write(configuration, to: "run.yaml")
    } else {
      place = try OlderRun(name: run).place()
    }
    for command in try #require(recorded["commands"]?.arrayValue) {
      let words = try #require(command.arrayValue).compactMap(\.stringValue)
      let outcome = try Program.strikeforge.run(words, in: place.folder.path, environment: environment)
      try #require(outcome.exitCode == 0, "\(outcome)")
    }
    let found = WholeReportTests.without(leftOut, try JSON.parse(place.folder.read(place.file(run, "evaluation.json"))))
    let names = Set(expected.objectValue.map { Array($0.keys) } ?? [])
    #expect(names.count > 25 && names == Set(found.objectValue.map { Array($0.keys) } ?? []))
    for key in names.sorted() where expected[key] != found[key] {
      let difference = OlderRunExpectation.difference(expected[key] ?? .null, found[key], isSame: true, at: key)
      Issue.record("\(difference ?? "\(key) differs in last bits")")
    }
    for (file, digest) in try #require(recorded["sha256"]?.objectValue) {
      let bytes = try place.folder.bytes(place.file(run, file))
      #expect(SHA256.hex(bytes) == digest.stringValue, "\(file)")
    }
  }

  /// The same without members of these names, at any depth.
  private static func without(_ names: [String], _ value: JSON) -> JSON {
    if let members = value.objectValue {
      return .object(members.filter { !names.contains($0.key) }.mapValues { without(names, $0) })
    }
    return value.arrayValue.map { .array($0.map { without(names, $0) }) } ?? value
  }
}
