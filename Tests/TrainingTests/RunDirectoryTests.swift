// A run's folder: how it is named, found and locked.

import RunSupport
import Storage
import TestSupport
import Testing
import Training

@Suite struct RunDirectoryTests {
  @Test func namesTheNextRun() throws {
    try withScratchFolder { scratch in
      let root = FileSystem.join(scratch, "runs")
      func next() throws -> String { try RunDirectory.create(run: "", prefix: "ppo-leak", below: root).name }
      #expect(try next() == "ppo-leak-1")
      #expect(try next() == "ppo-leak-2")
      for name in ["ppo-leak-7", "ppo-leak-x", "ppo-cue-9", "ppo-leak-9223372036854775807", "ppo-leak--5"] {
        try FileSystem.makeFolder(FileSystem.join(root, name))
      }
      #expect(try next() == "ppo-leak-8")
    }
  }

  @Test func refusesWhatExistsAndFindsWhatDoes() throws {
    try withScratchFolder { scratch in
      let path = FileSystem.join(scratch, "deep/er/run")
      do {
        let made = try RunDirectory.create(run: path, prefix: "")
        #expect(made.path == path && made.name == "run")
        try made.write("text", to: "a.txt")
        #expect(try text(ofFile: made.file("a.txt")) == "text")
      }
      guard case .runExists(path) = trainingError({ try RunDirectory.create(run: path, prefix: "") }) else {
        Issue.record("an existing run was taken")
        return
      }
      #expect(try RunDirectory.open(run: path + "//", locks: true).path == path)
      let missing = try #require(trainingError { try RunDirectory.open(run: scratch + "/none", locks: false) })
      #expect(missing.description.contains("/none"))
      // A file is no run.
      #expect(trainingError { try RunDirectory.open(run: path + "/a.txt", locks: false) } != nil)
      let blocked = try #require(trainingError { try RunDirectory.create(run: path + "/a.txt/run", prefix: "") })
      #expect(blocked.description.contains("a.txt"))
    }
  }

  /// Killed on its way to the first checkpoint, a run leaves a folder that nobody can go on with; it is begun again under its name.
  @Test func aBeginningIsTaken() throws {
    try withScratchFolder { scratch in
      let path = FileSystem.join(scratch, "run")
      func make(_ files: [String: String]) throws {
        let made = try RunDirectory.create(run: path, prefix: "")
        for (name, text) in files { try made.write(text, to: name) }
      }
      try make(["config.json": "{}", "progress.csv": "a,b\n", "metrics.jsonl": "", ".config.yaml.1.2.unfinished": "x"])
      try make([:])
      #expect(try FileSystem.names(inFolder: path) == [".lock"])
      // Whoever trains there is not disturbed.
      let first = try RunDirectory.create(run: path, prefix: "")
      guard case .runIsBusy(path) = trainingError({ try RunDirectory.create(run: path, prefix: "") }) else {
        Issue.record("a busy run was taken")
        return
      }
      try first.write("{}", to: "config.json")
    }
  }

  @Test(arguments: [
    ["checkpoint-0.h5": ""], ["best.h5": ""], ["notes.txt": ""], ["progress.csv": "a,b\n1,2\n"],
    ["metrics.jsonl": "{}\n"],
  ])
  func whatSomebodyWouldMissIsNoBeginning(_ files: [String: String]) throws {
    try withScratchFolder { scratch in
      let path = FileSystem.join(scratch, "run")
      do {
        let made = try RunDirectory.create(run: path, prefix: "")
        for (name, text) in files { try made.write(text, to: name) }
      }
      guard case .runExists(path) = trainingError({ try RunDirectory.create(run: path, prefix: "") }) else {
        Issue.record("\(files) was taken")
        return
      }
      for (name, content) in files { #expect(try text(ofFile: FileSystem.join(path, name)) == content) }
    }
  }

  @Test func oneAtATimeTrains() throws {
    try withScratchFolder { scratch in
      let path = FileSystem.join(scratch, "run")
      do {
        let first = try RunDirectory.create(run: path, prefix: "")
        guard case .runIsBusy(path) = trainingError({ try RunDirectory.open(run: path, locks: true) }) else {
          Issue.record("two hold the lock")
          return
        }
        #expect(try RunDirectory.open(run: path, locks: false).name == first.name)
      }
      #expect(trainingError { try RunDirectory.open(run: path, locks: true) } == nil)
    }
  }

  @Test func readsNamesAndPaths() {
    #expect(RunDirectory.path(ofRun: "a") == "checkpoints/a")
    #expect(RunDirectory.path(ofRun: "a/") == "checkpoints/a")
    #expect(RunDirectory.path(ofRun: "x/a/") == "x/a")
    #expect(RunDirectory.path(ofRun: "/x") == "/x")
    #expect(RunDirectory.path(ofRun: "..") == "..")
  }
}
