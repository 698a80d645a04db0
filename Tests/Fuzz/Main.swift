// The fuzzer: damaged files for every reader, in processes that may die of them.

import Glibc
import Storage
import TestSupport
import Text
import Training

@main
struct Main {
  static func main() {
    StandardOutput.bufferLines()
    signal(SIGXFSZ, SIG_IGN)
    // Swift's own account of a crash takes seconds, and ours says what is needed.
    setenv("SWIFT_BACKTRACE", "enable=no", 1)
    do {
      guard let options = try Options(Array(CommandLine.arguments.dropFirst())) else {
        print(Options.help, terminator: "")
        exit(0)
      }
      if let work = options.work {
        try Worker.run(work)
        exit(0)
      }
      exit(try supervise(options) ? 0 : 1)
    } catch let error as UsageError {
      complain("fuzz: \(error.message)\n\(Options.usage)")
      exit(64)
    } catch let error as Finding {
      complain("finding: \(error.reason)")
      exit(Worker.findingCode)
    } catch {
      complain("finding: an error of another kind: \(error)")
      exit(Worker.findingCode)
    }
  }

  /// Whether nothing was found.
  private static func supervise(_ options: Options) throws -> Bool {
    var options = options
    // Workers stand in another folder.
    guard let corpus = realpath(options.corpus, nil) else {
      throw UsageError("there is no folder \(options.corpus); name the corpus with --corpus")
    }
    options.corpus = String(cString: corpus)
    free(corpus)
    let tallies = try Supervisor(options: options).run()
    for tally in tallies { try report(tally, options) }
    record(tallies, options)
    let found = tallies.reduce(0) { $0 + $1.offenders.count }
    print(found == 0 ? "nothing found" : "\(found) found; the files lie below \(options.offenders)")
    return found == 0
  }

  private static func report(_ tally: Tally, _ options: Options) throws {
    print(
      "\(tally.subject.name): \(tally.inputs) inputs, \(tally.read) read, slowest "
        + "\(tally.slowestMicroseconds / 1000) ms, at most \(tally.peakKibibytes >> 10) MiB, "
        + "\(tally.offenders.count) offenders")
    for offender in tally.offenders {
      let folder = options.offenders + "/" + tally.subject.name
      try FileSystem.makeFolder(folder)
      let name = "offender-\(options.seed)-\(offender.index)"
      try AtomicWrite.write(offender.bytes, to: folder + "/" + name)
      print("  \(name): \(offender.fault.kind.rawValue): \(offender.fault.reason.prefix(240))")
    }
  }

  /// The rows of the table of proofs, where one is kept. Without the sanitizer nothing is proved.
  private static func record(_ tallies: [Tally], _ options: Options) {
    guard Sanitizer.isOn, !options.replays, !tallies.contains(where: { $0.subject == ControlSubject.self }) else {
      return
    }
    for (what, names) in [
      ("text", ["csv", "chain", "gzip", "json", "yaml"]), ("arguments of prices", ["price"]),
      ("vendors' bars", ["bars", "zip", "stamps", "numbers"]), ("imports on the disk", ["spool"]),
      ("bundles", ["safetensors", "bundle"]),
      ("stores, checkpoints, runs", ["store", "checkpoint", "run"]),
      ("incidents, replay files", ["incident", "replay"]), ("forged metadata of HDF5", ["metadata"]),
      ("surfaces, their events and indices", ["surface", "fitted-surface", "index"]), ("scripted days", ["desk"]),
    ] {
      let part = tallies.filter { names.contains($0.subject.name) }
      guard part.count == names.count else { continue }
      let inputs = part.map(\.inputs).min() ?? 0
      let found = part.reduce(0) { $0 + $1.offenders.count }
      ProofTable.record(
        "fuzz: \(what)",
        figure: "\(part.count) x \(inputs) inputs, \(found) traps, sanitized",
        threshold: "10000 each, 0 traps", seeds: "\(options.seed)",
        holds: found == 0 && inputs >= 10_000
      )
    }
  }

  private static func complain(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    bytes.withUnsafeBytes { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
