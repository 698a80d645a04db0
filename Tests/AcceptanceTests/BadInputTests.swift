// Whatever is wrong, the programs say so in one sentence, exit as they should, and leave every file as it was.

import Glibc
import Kernels
import Market
import TestSupport
import Testing

@Suite struct BadInputTests {
  /// A market, a finished run and its bundle, made once; every case works in a copy.
  private static let stage = Result { () throws -> Workplace in
    let place = try Workplace()
    try place.importMarket()
    try place.train("run", Workplace.market, "run.total_timesteps=4096", "run.keep_checkpoints=2")
    try place.succeed(["export", "run"])
    return place
  }

  @Test(arguments: BadInput.ofBars) func bars(_ bad: BadInput) throws { try expectRefusal(bad) }
  @Test(arguments: BadInput.ofConfigurations) func configurations(_ bad: BadInput) throws { try expectRefusal(bad) }
  @Test(arguments: BadInput.ofStores) func stores(_ bad: BadInput) throws { try expectRefusal(bad) }
  @Test(arguments: BadInput.ofRuns) func runs(_ bad: BadInput) throws { try expectRefusal(bad) }
  @Test(arguments: BadInput.ofTheServer) func server(_ bad: BadInput) throws { try expectRefusal(bad) }
  @Test(arguments: BadInput.ofCommandLines) func commandLines(_ bad: BadInput) throws { try expectRefusal(bad) }
  @Test(arguments: BadInput.ofImports) func imports(_ bad: BadInput) throws { try expectRefusal(bad) }
  @Test(arguments: BadInput.ofSurfaces) func surfaces(_ bad: BadInput) throws { try expectRefusal(bad) }

  private func expectRefusal(_ bad: BadInput) throws {
    let place = try Workplace(copying: Self.stage.get())
    try bad.prepare(place)
    let before = try place.content()
    let outcome = try bad.program.run(bad.words, in: place.folder.path, input: bad.input)
    #expect(outcome.exitCode == bad.exitCode, "\(outcome)")
    let sentence = try #require(outcome.errorLines.first, "\(outcome)")
    for piece in bad.says { #expect(sentence.contains(piece), "\(outcome)") }
    if bad.exitCode == 64 {
      #expect(outcome.errorLines.dropFirst().first?.hasPrefix("usage: strikeforge") == true, "\(outcome)")
    } else {
      #expect(outcome.errorLines.count == 1, "\(outcome)")
    }
    #expect(try place.content() == before, "\(outcome) changed a file")
  }

  // MARK: Damage

  /// A kind of file that verifies itself, and a command that reads it.
  struct Sealed: Sendable, CustomTestStringConvertible {
    let path: String
    let program: Program
    let words: [String]
    var testDescription: String { path }
  }

  static let sealed = [
    Sealed(path: "market.h5", program: .strikeforge, words: ["train", "--config", "run.yaml", "--run", "new"]),
    Sealed(path: "checkpoints/run/checkpoint-4096.h5", program: .strikeforge, words: ["train", "--resume", "run"]),
    Sealed(path: "checkpoints/run/best.h5", program: .strikeforge, words: ["evaluate", "run"]),
    Sealed(
      path: "checkpoints/run/policy.safetensors", program: .serve,
      words: ["once", "--policy", "checkpoints/run/policy.safetensors"]),
  ]

  /// Any changed byte and any cut is found before anything is done.
  @Test(arguments: sealed) func damageIsFound(_ file: Sealed) throws {
    let place = try Workplace(copying: Self.stage.get())
    let whole = try place.folder.bytes(file.path)
    var random = RandomStream(seed: UInt64(whole.count), purpose: .market)
    let others = try place.content().filter { $0.key != "./" + file.path }
    for trial in 0..<(SlowTests.areEnabled ? 400 : 16) {
      var bytes = whole
      let position = Int(random.nextInteger(below: UInt64(whole.count)))
      if trial % 2 == 0 {
        bytes[position] ^= 1 << UInt8(random.nextInteger(below: 8))
      } else {
        bytes.removeLast(whole.count - position)
      }
      let what = "\(file.path), \(trial % 2 == 0 ? "a bit changed in" : "cut off at") byte \(position)"
      try place.folder.write(bytes, to: file.path)
      let outcome = try file.program.run(file.words, in: place.folder.path)
      #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(what): \(outcome)")
      #expect(outcome.errors.contains("'\(file.path)'") && outcome.errors.contains(";"), "\(what): \(outcome)")
      #expect(try place.content().filter { $0.key != "./" + file.path } == others, "\(what) changed another file")
    }
    try place.folder.write(whole, to: file.path)
    #expect(try file.program.run(file.words, in: place.folder.path).exitCode == 0)
  }

  // MARK: While a run is alive

  private static let longRun = [
    "train", "--config", "run.yaml", "--run", "long", "--set", "run.total_timesteps=4000000", "--set",
    "run.checkpoint_interval=512",
  ]

  /// Two trainers cannot work in one folder, and the one that is there is not disturbed.
  @Test func oneTrainerAFolder() throws {
    let place = try Workplace(copying: Self.stage.get())
    let first = try Program.strikeforge.start(Self.longRun, in: place.folder.path)
    let hasBegun = try first.wait { !place.checkpointSteps("long").isEmpty }
    try #require(hasBegun)
    let second = try place.strikeforge("train", "--resume", "long")
    #expect(second.exitCode == 1 && second.errorLines.count == 1, "\(second)")
    #expect(second.errors.contains("another process is training in checkpoints/long; wait for it or stop it"))
    #expect(first.isRunning)
    first.send(SIGTERM)
    let stopped = try first.wait()
    #expect(stopped.exitCode == 0 && stopped.errors.isEmpty, "\(stopped)")
    let last = try #require(place.checkpointSteps("long").last)
    #expect(try place.progress("long").steps().last == last)
  }

  /// A folder that goes away under a run ends it with a sentence; what was there before is intact where it now is.
  @Test func aVanishedFolderIsAnError() throws {
    let place = try Workplace(copying: Self.stage.get())
    let program = try Program.strikeforge.start(Self.longRun, in: place.folder.path)
    let hasBegun = try program.wait { place.checkpointSteps("long").last ?? 0 >= 1024 }
    try #require(hasBegun)
    try #require(rename(place.folder.place("checkpoints"), place.folder.place("elsewhere")) == 0)
    let outcome = try program.wait()
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("the folder checkpoints/long was moved to"), "\(outcome)")
    #expect(outcome.errors.contains("elsewhere/long while this process worked in it"), "\(outcome)")
    let names = place.folder.names(in: "elsewhere/long").filter { $0.hasPrefix("checkpoint-") }
    #expect(!names.isEmpty)
    for name in names { _ = try place.checkpoint("elsewhere/long/" + name) }
  }

  /// A standard output that takes nothing is not taken for success.
  @Test func aFullDiskIsAnError() throws {
    let place = try Workplace(copying: Self.stage.get())
    let outcome = try Program.strikeforge.run(["list"], in: place.folder.path, output: "/dev/full")
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("standard output"))
  }
}
