// Names of runs: what a person can type and a terminal shows, and a sentence for every other.

import Glibc
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

@Suite struct RunNameTests {
  @Test(arguments: ["a", "run-1", "2024.06_x", "_", "A9", "x..y"])
  func usable(_ name: String) throws {
    #expect(RunName.isValid(name))
    try RunName.require(new: name)
    try RunName.require(new: "some where/" + name + "/")
  }

  @Test(
    arguments: [
      "-x", ".hidden", ".", "..", "a b", "\u{1B}[31mred", "run\n", "é", "a\u{202E}b", "\u{FFFD}", "a*", "a'b", "$(x)",
      "a:b",
    ])
  func refused(_ name: String) {
    #expect(!RunName.isValid(name))
    for run in [name, "somewhere/" + name] {
      let error = trainingError { try RunDirectory.create(run: run, prefix: "x") }
      guard case .runName(name, isNew: true) = error else {
        Issue.record("\(run): \(String(describing: error))")
        continue
      }
      #expect(error?.description.contains("give it another with --run") == true)
      #expect(error?.description.contains("\u{1B}") == false)
    }
  }

  /// A folder that an older version made: it is said how to go on, and its run is not among those that are named.
  @Test func aFolderOfAnotherNameIsToBeRenamed() throws {
    try withScratchFolder { scratch in
      for name in ["my run", "-x", "good"] { try FileSystem.makeFolder(scratch + "/" + name) }
      for name in ["my run", "-x"] {
        guard
          case .runName(name, isNew: false) = trainingError({
            try RunDirectory.open(run: scratch + "/" + name, locks: false)
          })
        else {
          Issue.record("\(name) is opened")
          continue
        }
      }
      let good = scratch + "/good"
      #expect(trainingError { try RunDirectory.open(run: good, locks: false) } == nil)
      #expect(trainingError { try RunDirectory.open(run: good + "/.", locks: false) } == nil)
      #expect(trainingError { try RunDirectory.open(run: "", locks: false) } != nil)
      #expect(TrainingError.runName("my run", isNew: false).description.contains("rename its folder"))
    }
  }

  /// As long as the file system has them, and a sentence beyond.
  @Test func longNamesAreMadeOrNamed() throws {
    try withScratchFolder { scratch in
      let longest = scratch + "/" + String(repeating: "r", count: 255)
      let directory = try RunDirectory.create(run: longest, prefix: "x")
      try directory.write("text", to: "a.txt")
      let longer = try #require(trainingError { try RunDirectory.create(run: longest + "r", prefix: "x") })
      #expect(longer.description.contains("File name too long; choose a shorter name"))
      let deep =
        scratch + String(repeating: "/rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", count: 80)
      let deeper = try #require(trainingError { try RunDirectory.create(run: deep, prefix: "x") })
      #expect(deeper.description.contains("File name too long; choose a shorter name"))
    }
  }
}
