// What once broke a reader never does again, and the fuzzer finds what is broken.

import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite struct FuzzTests {
  private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "FuzzCorpus").path

  /// The readers, as the fuzzer names them.
  private static let readers = [
    "csv", "chain", "gzip", "bars", "zip", "stamps", "numbers", "json", "yaml", "safetensors", "bundle", "store",
    "checkpoint",
    "run", "incident", "replay",
    "price", "surface", "fitted-surface", "index", "desk", "spool",
  ]

  private func fuzz(_ arguments: String...) throws -> ProgramOutcome {
    let place = try TemporaryFolder()
    let program = try Program.fuzz.start(
      arguments + ["--corpus", Self.corpus, "--offenders", place.place("offenders"), "--processes", "2"])
    // Its own limits are of processor time, of which a busy machine gives little.
    let outcome = try program.wait(patienceMilliseconds: 600_000)
    withExtendedLifetime(place) {}
    return outcome
  }

  /// Every file of the corpus, in a process of its own reader: files `read-*` are read, files `refused-*` refused in a sentence.
  @Test func theCorpusReplays() throws {
    let outcome = try fuzz("--replay")
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)\n\(outcome.output)")
    for reader in Self.readers {
      let count = TemporaryFolder.names(Self.corpus + "/" + reader).count
      #expect(outcome.output.contains("\(reader): \(count) inputs"), "\(outcome.output)")
    }
  }

  /// A few fresh inputs for every reader; `scripts/fuzz` gives each ten thousand and more, under the address sanitizer.
  @Test func freshInputsAreReadOrRefused() throws {
    let outcome = try fuzz("--iterations", "150", "--seed", "7")
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)\n\(outcome.output)")
  }

  /// A reader that is broken in every way: if the fuzzer does not see it here, it sees it nowhere.
  @Test func theControlIsFound() throws {
    // Some machines take more than four seconds to hand out the gibibyte that one of them asks for.
    let outcome = try fuzz(
      "--readers", "control", "--iterations", "8", "--limit-seconds", "15", "--limit-mebibytes", "300")
    #expect(outcome.exitCode == 1, "\(outcome)")
    for kind in ["trap", "hang", "growth", "finding"] {
      #expect(outcome.output.contains(": \(kind): "), "\(kind) is not among\n\(outcome.output)")
    }
  }
}
