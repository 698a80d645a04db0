// Which kernels of the matrix library the environment asks for, from outside: what runs here runs, and what cannot is refused in a sentence.

import Glibc
import TestSupport
import Testing
import Text

@Suite struct LibraryKernelsTests {
  static let variable = "OPENBLAS_CORETYPE"

  /// Words of the processor's own list.
  static let flags: Set<Substring> = {
    guard let file = fopen("/proc/cpuinfo", "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    return Set((text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? "").split { " \t".contains($0) })
  }()

  /// Kernels of instructions that this processor has not, or never had: the first needs AVX-512, the next two 3DNow.
  static let impossible = [("SkylakeX", "avx512vl"), ("Opteron", "3dnow"), ("opteron_sse3", "3dnow")]
    .filter { !flags.contains(Substring($0.1)) }.map { $0.0 }
  /// The library passes over these in silence: a name that it never had, one whose kernels it was built without, and one that would clear a screen.
  static let unknown = ["Nonsense", "Athlon", "Has\u{1B}[2Jwell"]

  @Test(arguments: impossible + unknown, ["fused", "blas", "auto"])
  func whatCannotRunIsRefused(core: String, kernels: String) throws {
    let place = try Workplace()
    let outcome = try Program.strikeforge.run(
      ["train", "--run", "r", "--set", "environment.name=cue", "--set", "run.kernels=\(kernels)", "--timesteps", "1"],
      in: place.folder.path, environment: [Self.variable: core])
    #expect(outcome.exitCode == 1 && outcome.output.isEmpty && outcome.errorLines.count == 1, "\(outcome)")
    for word in [Self.variable, "strikeforge train: ", "unset it"] + (core.contains("\u{1B}") ? [] : [core]) {
      #expect(outcome.errors.contains(word), "\(outcome)")
    }
    #expect(!outcome.errors.contains("\u{1B}") && place.folder.names(in: ".").isEmpty)
    if core == "SkylakeX" { #expect(outcome.errors.contains("AVX-512"), "\(outcome)") }
  }

  /// The other commands that multiply, and the benchmark; those that do not, start.
  @Test(arguments: (impossible + unknown).prefix(1)) func everyProgramSaysSo(core: String) throws {
    let place = try Workplace()
    func run(_ program: Program, _ words: String...) throws -> ProgramOutcome {
      try program.run(words, in: place.folder.path, environment: [Self.variable: core])
    }
    for words in [["evaluate", "x"], ["export", "x"], ["ensemble", "x.yaml"], ["replay-update", "x"]] {
      let outcome = try Program.strikeforge.run(words, in: place.folder.path, environment: [Self.variable: core])
      #expect(outcome.exitCode == 1 && outcome.errors.contains(Self.variable), "\(outcome)")
    }
    let benchmark = try run(.benchmark, "--quick", "--subjects", "sgemm")
    #expect(benchmark.exitCode == 1 && benchmark.errors.contains(Self.variable), "\(benchmark)")
    for words in [["--help"], ["list"], ["train", "--help"]] {
      let outcome = try Program.strikeforge.run(words, in: place.folder.path, environment: [Self.variable: core])
      #expect(outcome.exitCode == 0, "\(outcome)")
    }
    #expect(try run(.serve, "--help").exitCode == 0)
  }

  /// What every processor runs, in letters of either case, and an empty variable.
  @Test(arguments: ["Prescott", "prescott", "Nehalem", ""], ["blas", "fused"])
  func whatRunsIsTaken(core: String, kernels: String) throws {
    let place = try Workplace()
    let outcome = try Program.strikeforge.run(
      ["train", "--run", "r", "--set", "environment.name=cue", "--set", "run.kernels=\(kernels)", "--timesteps", "1"],
      in: place.folder.path, environment: [Self.variable: core])
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("products: ") }
    #expect(lines.count == 1, "\(outcome)")
    if kernels == "fused" {
      #expect(lines[0].hasSuffix(", twin checked") && lines[0].contains("own kernels "), "\(lines)")
    }
    if kernels == "blas", !core.isEmpty {
      #expect(lines[0].lowercased().hasPrefix("products: openblas \(core.lowercased())"), "\(lines)")
    }
    let manifest = try JSON.parse(place.folder.read("checkpoints/r/manifest.json"))
    #expect(manifest["kernels"]?.stringValue?.contains("fused") == (kernels == "fused"))
    #expect(manifest["products_precision"]?.stringValue == "float32")
    // A run that goes on says it too.
    let again = try Program.strikeforge.run(
      ["train", "--resume", "r"], in: place.folder.path, environment: [Self.variable: core])
    #expect(again.exitCode == 0 && again.output.contains("\n\(lines[0])\n"), "\(again)")
  }

  /// The benchmark says who multiplies, and names the faster one.
  @Test func theBenchmarkNamesTheFaster() throws {
    let place = try Workplace()
    let outcome = try Program.benchmark.run(
      ["--quick", "--subjects", "kernels", "--json", "now.json"], in: place.folder.path)
    #expect(outcome.exitCode == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.hasPrefix("products: "), "\(outcome)")
    let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("faster here, ") }
    #expect(
      lines.count == 3 && lines.allSatisfy { $0.contains("own kernels ") && $0.contains("OpenBLAS ") }, "\(outcome)")
    #expect(lines.allSatisfy { $0.hasSuffix("; auto: blas") || $0.hasSuffix("; auto: fused") })
    let names = try #require(JSON.parse(place.folder.read("now.json"))["metrics"]?.arrayValue)
      .compactMap { $0["name"]?.stringValue }
    for shape in ["lstm64", "lstm32", "mlp"] {
      for kernels in ["blas", "fused"] { #expect(names.contains("kernels_\(shape)_\(kernels)_steps_per_second")) }
    }
  }
}
