// What the command line asks for.

import Glibc
import Text

struct Options {
  var iterations = 10_000
  var seed: UInt64 = 0
  var subjects: [any Subject.Type] = Subjects.all
  var corpus = "Tests/FuzzCorpus"
  var offenders = ".build/fuzz-offenders"
  var replays = false
  var limitSeconds = 10
  var limitMebibytes = 512
  var processes = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  /// What a parent asks of its child.
  var work: Assignment?

  static let usage = "usage: fuzz [flags]; `fuzz --help` lists them"

  static let help = """
    fuzz

    Gives every reader of outside bytes many thousand damaged files, each reader in
    a process of its own, and keeps the files that one of them falls over: a trap, a
    hang, memory without bound, or a refusal that is no sentence.

    Flags:
      --iterations N      inputs for each reader (10000)
      --seed N            which inputs (0)
      --readers A,B       some of \(Subjects.all.map { $0.name }.joined(separator: ", "));
                          `control` is broken on purpose
      --corpus FOLDER     past offenders, which join the seeds (Tests/FuzzCorpus)
      --replay            reads the corpus alone, as it is: files read-* must be read,
                          files refused-* refused
      --offenders FOLDER  where offenders are kept (.build/fuzz-offenders)
      --limit-seconds N   processor time for one input (10)
      --limit-mebibytes N resident memory of a reader beyond its start (512)
      --processes N       readers at a time (one a processor)
      --help              this text

    Exit codes: 0 nothing found, 1 something found, 64 wrong usage.

    """

  /// Nil where help is asked for.
  init?(_ words: [String]) throws(UsageError) {
    if words.contains("--help") || words.contains("-h") { return nil }
    let flags = Flag.values(
      "iterations", "seed", "readers", "corpus", "offenders", "limit-seconds", "limit-mebibytes", "processes", "work",
      "first", "count", "note")
    let arguments = try Arguments(words, flags: flags + [Flag("replay")], operandLimit: 0)
    func number(_ name: String) throws(UsageError) -> Int? { try arguments.wholeNumber(name, in: 0...1 << 31) }
    replays = arguments.has("replay")
    corpus = arguments.value("corpus") ?? corpus
    offenders = arguments.value("offenders") ?? offenders
    if let names = arguments.value("readers") {
      subjects = []
      for name in names.split(separator: ",") { subjects.append(try Options.subject(String(name))) }
    }
    iterations = try number("iterations") ?? iterations
    seed = UInt64(try number("seed") ?? 0)
    limitSeconds = max(1, try number("limit-seconds") ?? limitSeconds)
    limitMebibytes = max(1, try number("limit-mebibytes") ?? limitMebibytes)
    processes = max(1, try number("processes") ?? processes)
    if let name = arguments.value("work") {
      work = Assignment(
        subject: try Options.subject(name), corpus: corpus, replays: replays, seed: seed,
        first: try number("first") ?? 0,
        count: try number("count") ?? 0, note: arguments.value("note") ?? "", limitSeconds: limitSeconds,
        limitMebibytes: limitMebibytes)
    }
  }

  private static func subject(_ name: String) throws(UsageError) -> any Subject.Type {
    guard let subject = Subjects.named(name) else {
      let hint = NearestName.of(name, among: Subjects.all.map { $0.name }).map { "; did you mean \($0)?" } ?? ""
      throw UsageError("unknown reader \(name)\(hint)")
    }
    return subject
  }
}
