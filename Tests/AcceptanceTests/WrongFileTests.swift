// A wrong file costs nothing and shows nothing; a wrong output replaces nothing.

import Glibc
import Storage
import TestSupport
import Testing

@Suite struct WrongFileTests {
  /// Runs the program where it may take so much memory, as the files that it is given must not be read into it.
  private func run(_ words: [String], in place: Workplace, memoryBytes: Int = 2 << 30) throws -> ProgramOutcome {
    try Program.start(
      "/usr/bin/prlimit", named: "strikeforge", ["--data=\(memoryBytes)", Program.strikeforge.path] + words,
      in: place.folder.path
    ).wait(patienceMilliseconds: 120_000)
  }

  /// Three gibibytes of holes for anything that is read.
  @Test func aWrongLargeFileIsRefusedAtOnce() throws {
    let place = try Workplace()
    try place.folder.write([], to: "big")
    try #require(truncate(place.folder.place("big"), 3 << 30) == 0)
    try place.folder.write("base: big\n", to: "over.yaml")
    for words in [
      "train --config big", "ensemble big", "replay-update big", "inspect big", "train --config over.yaml",
      "import A=big --output new.h5", "replay inspect big",
      "train --set environment.name=cue --set algorithm.name=dqn --init-replay big",
      "train --set environment.store=big --set environment.name=dual_ticker",
    ] {
      let outcome = try run(words.split(separator: " ").map(String.init), in: place)
      #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1 && outcome.errors.contains("big"), "\(outcome)")
    }
    let served = try Program.serve.run(["describe", "--policy", place.folder.place("big")])
    #expect(served.exitCode == 1 && served.errors.contains("limit"), "\(served)")
  }

  /// What has no size: a pipe that nobody writes to, a device without end, a folder.
  @Test func whatIsNoFileIsRefusedAtOnce() throws {
    let place = try Workplace()
    try #require(mkfifo(place.folder.place("pipe"), 0o600) == 0)
    for name in ["pipe", "/dev/zero", "."] {
      for words in [
        ["train", "--config", name], ["ensemble", name], ["replay-update", name], ["inspect", name],
        ["import", "A=\(name)", "--output", "new.h5"], ["replay", "inspect", name],
      ] {
        let outcome = try run(words, in: place)
        #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
      }
    }
  }

  /// Of a file that is no configuration no line is shown, whatever it looks like to a reader of YAML.
  @Test(
    arguments: [
      "hunter2-is-the-password\n", "root:x:0:secret\nbin:x:1:\n", "root:x:0:secret:\nbin:x:1:secret:\n",
      "machine api login me password secret: yes\n", "[default]\nkey = secret\n", "- secret\n- secret\n",
      "secret one: 1\nsecret one: 2\n", "run: [secret]\n", "\"secret\": \"secret",
    ])
  func noLineOfAnotherFileIsShown(_ content: String) throws {
    let place = try Workplace()
    try place.folder.write(content, to: "private")
    try place.folder.write("base: private\n", to: "run.yaml")
    try place.folder.write("members: [{config: private}]\n", to: "members.yaml")
    for words in [
      ["train", "--config", "private"], ["train", "--config", "run.yaml"], ["ensemble", "private"],
      ["ensemble", "members.yaml"],
    ] {
      let outcome = try place.strikeforge(words)
      #expect(outcome.exitCode == 1 && outcome.errors.contains("private"), "\(outcome)")
      // A key that is written like a setting's is repeated alone.
      #expect(!outcome.errors.contains("hunter2") && !outcome.errors.contains("root:"), "\(outcome)")
      #expect(!outcome.errors.replacing("'secret'", with: "").contains("secret"), "\(outcome)")
    }
  }

  /// A few megabytes that unpack to gibibytes: zeros, and rows without end.
  @Test func whatUnpacksWithoutEndIsRefused() throws {
    let place = try Workplace()
    let zeros = try Gzip.deflate([UInt8](repeating: 0, count: 16 << 20), path: "x", level: 9)
    let row = Array("2001-01-02,1,1,1,1,1\n".utf8)
    let rows = try Gzip.deflate((0..<200_000).flatMap { _ in row }, path: "x", level: 9)
    let header = try Gzip.deflate(Array("timestamp,open,high,low,close,volume\n".utf8), path: "x")
    let lines = try Gzip.deflate([UInt8](repeating: 10, count: 16 << 20), path: "x", level: 9)
    for (name, bytes) in [
      ("zeros", (0..<244).flatMap { _ in zeros }), ("rows", header + (0..<900).flatMap { _ in rows }),
      ("lines", header + (0..<80).flatMap { _ in lines }),
    ] {
      try place.folder.write(bytes, to: "bomb.csv.gz")
      #expect(bytes.count < 20 << 20)
      let outcome = try run(["import", "A=bomb.csv.gz", "--output", "new.h5"], in: place)
      #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(name): \(outcome)")
      #expect(
        outcome.errors.contains("'bomb.csv.gz' cannot be unpacked: it grows beyond the limit"), "\(name): \(outcome)")
    }
    #expect(!place.folder.exists("new.h5"))
  }

  // MARK: Outputs

  private func kind(_ place: Workplace, _ name: String) -> UInt32 {
    var status = stat()
    return lstat(place.folder.place(name), &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  @Test func anOutputThatIsALinkStaysOne() throws {
    let place = try Workplace()
    try place.succeed(["synthesize", "martingale", "--bars", "120", "--output", "bars.csv"])
    try FileSystem.makeFolder(place.folder.place("dev"))
    try #require(symlink("/proc/self/fd/1", place.folder.place("dev/stdout")) == 0)
    for output in ["dev/stdout", "/dev/stdout", "/proc/self/fd/1", "/dev/null"] {
      let words = ["import", "MM=bars.csv", "--output", output]
      let outcome = try Program.strikeforge.run(words, in: place.folder.path, output: place.folder.place("file"))
      #expect(outcome.exitCode == 1 && outcome.errors.contains("name a"), "\(outcome)")
    }
    #expect(kind(place, "dev/stdout") == S_IFLNK && kind(place, "file") == S_IFREG)
    #expect(access("/dev/stdout", F_OK) == 0)
    // Its own standard output by name.
    let own = try Program.strikeforge.run(
      ["synthesize", "leak", "--output", "own"], in: place.folder.path, output: place.folder.place("own"))
    #expect(own.exitCode == 1 && own.errors.contains("is one of the streams"), "\(own)")

    try place.succeed(["import", "MM=bars.csv", "--output", "store.h5"])
    try #require(symlink("store.h5", place.folder.place("link.h5")) == 0)
    try place.succeed(["import", "NN=bars.csv", "--output", "link.h5"])
    #expect(kind(place, "link.h5") == S_IFLNK && kind(place, "store.h5") == S_IFREG)
    #expect(try place.succeed(["inspect", "store.h5"]).output.contains("series NN"))
  }

  /// Its own input, and files of other kinds: each stays what it was, and the sentence says what it is.
  @Test func anOutputReplacesItsOwnKindAlone() throws {
    let place = try Workplace()
    try place.importMarket()
    try place.train("run", Workplace.market, "run.total_timesteps=2048")
    try place.succeed(["export", "run"])
    try place.folder.write("dear diary\n", to: "notes.txt")
    try #require(link(place.folder.place("AAA.csv"), place.folder.place("twin.csv")) == 0)
    let before = try place.content()
    for words in [
      "import AAA=AAA.csv --output AAA.csv", "import AAA=AAA.csv --output twin.csv",
      "import AAA=AAA.csv --output notes.txt", "import AAA=AAA.csv --output checkpoints/run/policy.safetensors",
      "export run --output market.h5", "export run --output notes.txt",
      "export run --output checkpoints/run/checkpoint-2048.h5", "synthesize leak --output notes.txt",
      "synthesize leak --output market.h5", "evaluate run --write-actions AAA.csv",
      "evaluate run --write-observations notes.txt", "evaluate run --record-rollouts=market.h5",
    ] {
      let outcome = try place.strikeforge(words.split(separator: " ").map(String.init))
      #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1 && outcome.errors.contains(";"), "\(outcome)")
      #expect(try place.content() == before, "\(outcome) changed a file")
    }
    let same = try place.strikeforge(["evaluate", "run", "--write-actions", "x", "--write-observations", "x"])
    #expect(same.exitCode == 64 && same.errors.contains("name the same file"), "\(same)")
    // The same kind is replaced as ever.
    for _ in 0..<2 {
      try place.succeed(["evaluate", "run", "--write-actions", "a.txt", "--write-observations", "o.jsonl"])
    }
    try place.succeed(["export", "run", "--output", "checkpoints/run/policy.safetensors"])
    try place.importMarket(seed: 2)
    try place.succeed(["synthesize", "leak", "--bars", "120", "--output", "AAA.csv"])
  }

  /// Scripts that are called through links, from other folders, in a clone whose path holds links and spaces.
  @Test func scriptsRunThroughLinks() throws {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let place = try Workplace()
    let clone = place.folder.place("a clone")
    try FileSystem.makeFolder(clone)
    for (target, name) in [
      (root + "/scripts/setup", "setup"), (root + "/scripts", "linked"), (root, "repository with spaces"),
    ] {
      try #require(symlink(target, place.folder.place(name)) == 0)
    }
    func call(_ script: String, _ words: String...) throws -> (Int32?, String) {
      let outcome = try Program.start(script, named: script, words, in: clone).wait()
      return (outcome.exitCode, outcome.output + outcome.errors)
    }
    let direct = try call(root + "/scripts/setup", "--offline")
    for script in ["../setup", "../linked/setup", "../repository with spaces/scripts/setup"] {
      #expect(try call(script, "--offline") == direct, "\(script)")
    }
    let help = try call(root + "/scripts/quickstart", "--help")
    #expect(help.0 == 0 && help.1.contains("Usage: scripts/quickstart"))
    for (first, second) in [
      ("--offline", "--options"), ("--ensemble", "--options"), ("--options", "--run"), ("--options", "--fast"),
    ] {
      let refused = try call(root + "/scripts/quickstart", first, second)
      #expect(refused.0 == 64 && refused.1.hasPrefix("quickstart: "), "\(refused)")
      #expect(refused.1.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(refused)")
    }
    let taken = try call(root + "/scripts/quickstart", "--run", clone)
    #expect(taken == (1, "quickstart: \(clone) exists already; choose another name with --run\n"), "before it builds")
    for name in ["quickstart", "test"] {
      let direct = try call(root + "/scripts/" + name, "--help")
      for script in ["../linked/" + name, "../repository with spaces/scripts/" + name] {
        #expect(try call(script, "--help") == direct && direct.0 == 0, "\(script)")
      }
    }
  }
}
