// What a run says of its saves is true when it is said.

import Algorithms
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

@Suite struct RunSavesTests {
  /// A best checkpoint that could not be written is never told, also not by whoever asks once more on the way out; one that could is told once.
  @Test func onlyWhatIsInPlaceIsTold() throws {
    try withScratchFolder { folder in
      let configuration = smallConfiguration("leak", .ppo)
      let directory = try RunDirectory.create(run: FileSystem.join(folder, "run"), prefix: "")
      let log = try RunLog(directory, configuration, resumeStep: nil)
      let saves = RunSaves(directory, log: log, store: try RunSaves.store(configuration, directory))
      var told: [String] = []
      saves.onEvent = { told.append($0) }
      let checkpoint = Checkpoint(attributes: ["run": "run"])

      // A folder where the file should be.
      try FileSystem.makeFolder(directory.file("best.h5"))
      #expect(
        trainingError { try saves.save(checkpoint, step: 1, best: "the first", isKept: false, waits: true) } != nil)
      #expect(trainingError { try saves.heed(waits: true) } == nil)
      #expect(told.isEmpty)

      try #require(removeFolder(directory.file("best.h5")))
      try saves.save(checkpoint, step: 2, best: "the second", isKept: true, waits: false)
      try saves.heed(waits: true)
      try saves.heed(waits: true)
      #expect(told == ["the second"])
      #expect(try CheckpointStore.load(directory.file("best.h5")) == checkpoint)
      #expect(try CheckpointStore.load(directory.file("checkpoint-2.h5")) == checkpoint)
    }
  }
}
