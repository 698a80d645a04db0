// Limits of the system: a run works with fewer threads, or says what it needs; it never waits for ever and never traps.

import Glibc
import Storage
import TestSupport
import Testing

@Suite struct LimitTests {
  private static let configuration = Workplace.planted("martingale", algorithm: "ppo")

  private static func words(_ run: String, workers: Int) -> [String] {
    ["train", "--config", "run.yaml", "--run", run, "--set", "run.workers=\(workers)"]
  }

  /// Runs the program after some words of a shell.
  private func strikeforge(_ before: String, _ words: [String], in place: Workplace) throws -> ProgramOutcome {
    try Program.start(
      "/bin/bash", named: "strikeforge", ["-c", before + " exec \"$0\" \"$@\"", Program.strikeforge.path] + words,
      in: place.folder.path
    ).wait()
  }

  private func place() throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(Self.configuration, to: "run.yaml")
    return place
  }

  private func end(_ outcome: ProgramOutcome) -> String? {
    outcome.lines.first { $0.hasPrefix("finished at step") }
  }

  // MARK: Address space

  /// What the sentence asks for is enough, and what it names is the limit.
  @Test func tooLittleAddressSpaceIsASentence() throws {
    let place = try place()
    let outcome = try strikeforge("ulimit -v 200000;", Self.words("run", workers: 1), in: place)
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    #expect(outcome.errors.contains("ulimit -v 200000") && outcome.errors.contains("128 MiB"), "\(outcome)")
    #expect(!place.folder.exists("checkpoints/run"))
    let words = outcome.errors.split(separator: " ")
    let needed = try #require(words.firstIndex(of: "least").flatMap { Int(words[$0 + 1].filter(\.isNumber)) })
    let enough = try strikeforge("ulimit -v \(needed);", Self.words("run", workers: 1), in: place)
    #expect(enough.exitCode == 0, "\(enough)")
    #expect(end(enough) == end(try place.succeed(Self.words("free", workers: 1))))

    // What only compares multiplies too.
    let export = try strikeforge("ulimit -v 200000;", ["export", "run", "--output", "policy"], in: place)
    #expect(export.exitCode == 1 && export.errors.contains("ulimit -v 200000"), "\(export)")
    #expect(!place.folder.exists("policy"))
  }

  @Test func addressSpaceForSomeWorkersIsUsed() throws {
    let place = try place()
    let outcome = try strikeforge("ulimit -v 900000;", Self.words("run", workers: 16), in: place)
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.output.contains("of 16 workers could be started"), "\(outcome.output)")
    #expect(outcome.output.contains("ulimit -v is 900000"), "\(outcome.output)")
    #expect(end(outcome) == end(try place.succeed(Self.words("free", workers: 2))))
  }

  // MARK: Threads

  /// The limit of a user's processes binds everybody but root: it is set for nobody.
  @Test(.enabled(if: getuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0), arguments: [2, 5])
  func tooFewThreadsAreUsed(limit: Int) throws {
    let place = try place()
    chmod(place.folder.path, 0o777)
    chmod(place.folder.place("run.yaml"), 0o644)
    let script =
      "exec setpriv --reuid=65534 --regid=65534 --clear-groups bash -c 'ulimit -u \(limit); exec \"$0\" \"$@\"'"
    let outcome = try Program.start(
      "/bin/bash", named: "strikeforge",
      ["-c", script + " \"$0\" \"$@\"", Program.strikeforge.path] + Self.words("run", workers: 16),
      in: place.folder.path
    ).wait()
    try #require(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.output.contains("of 16 workers could be started"), "\(outcome.output)")
    #expect(outcome.output.contains("ulimit -u is \(limit)"), "\(outcome.output)")
    #expect(end(outcome) == end(try place.succeed(Self.words("free", workers: 2))))
  }
}
