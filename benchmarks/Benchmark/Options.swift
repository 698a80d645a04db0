// What the command line asks for where it asks to measure.

import Text

/// What can be measured.
enum Subject: String, CaseIterable {
  case training, products, kernels, pointwise, pricing, desk, risk, environment, baskets, options, decision, checkpoint,
    save,
    `import`,
    store,
    evaluation,
    allocations, sgemm
  case syntheticSurface = "synthetic-surface"
}

struct Options {
  var workers = 1
  /// Nil: 5, or 2 when quick.
  private var askedRepetitions: Int?
  var subjects = Subject.allCases
  /// Whose training is measured.
  var policies = PolicyShape.allCases
  var isQuick = false
  /// Of the environment alone; nil is the standard number.
  var environmentLanes: Int?
  /// Where the JSON goes; `-` is standard output.
  var jsonPath: String?

  var repetitions: Int { askedRepetitions ?? (isQuick ? 2 : 5) }

  static let usage = """
    usage: benchmark [--workers N] [--repetitions N] [--subjects A,B] [--policies A,B]
                     [--environment-lanes N] [--quick] [--json FILE]
           benchmark train --config FILE [--set KEY=VALUE] [--json FILE]
           benchmark compare BASELINE.json [--with FILE] [--threshold PERCENT] [--quick]
           benchmark market FILE.h5
           benchmark bars make|measure FOLDER [--minutes N] [--days N] [--subjects A,B]
           benchmark surface [--month [--sessions N]] [--rounds N]
           benchmark chains FILE | --write FILE [--rows N]
           benchmark solve [--worlds A,B] [--programs A,B] [--seeds N] [--quick] [...]
           benchmark peers [--shapes A,B] [--peers A,B] [--lanes A,B] [--pairs N] [--quick] [--require floors] [...]
    `benchmark --help` tells more
    """

  static let help = """
    benchmark

    Measures training, matrix products, kernels, the environment,
    decisions, checkpoints, the import and the opening of bars, an evaluation and allocations in one
    process, their repetitions in turn, and prints median, minimum and maximum.

      --workers N       threads that training uses (1); the other subjects use one
      --repetitions N   how often each subject is measured (5; 2 with --quick)
      --subjects A,B    some of training, products, kernels, pointwise, pricing,
                        synthetic-surface, desk, risk, environment, baskets,
                        options, decision, checkpoint, save, import, store,
                        evaluation, allocations, sgemm (all);
                        sgemm is always measured: it shows the machine's noise.
                        kernels names the faster of
                        run.kernels=blas and fused on this machine
      --policies A,B    whose training: lstm64, lstm64-unmasked, lstm64-towers,
                        lstm32, lstm128, mlp, mlp-unmasked (all)
      --environment-lanes N
                        lanes of the environment that is measured alone (256)
      --quick           small shapes, a few seconds: shows that it works, no speeds
      --json FILE       also writes everything to FILE; - prints it to standard
                        output and the table to standard error
      --help            this text

    benchmark train --config FILE [--set KEY=VALUE] [--json FILE]

    Trains one configuration as `strikeforge train` does, in a temporary folder
    below the working directory, and prints steps a second, the share of the
    machine's matrix products, and the digest of the final parameters, which is
    that of `strikeforge train` with the same settings.

    benchmark compare BASELINE.json [--with FILE] [--threshold PERCENT] [--quick]

    Measures what the baseline measured (or reads FILE, written by --json), scales
    both by their sgemm peaks, and ends with exit code 2 where something got slower
    by more than PERCENT (15) or allocates more often.

    benchmark market FILE.h5

    Writes the made-up market that the committed configurations train on.

    benchmark bars make FOLDER [--minutes N] [--days N]
    benchmark bars measure FOLDER [--subjects A,B]

    Writes made-up bars (1,000,000 of each width), and measures how many rows a
    second of processor time are read, stored, sealed and questioned, as one line of
    JSON: minutes, minutes_read, minutes_gzip, gate, days (all). benchmarks/bar-import
    does both in alternation with other libraries.

    benchmark chains FILE | --write FILE [--rows N]

    Reads a table of options of SPY into contracts and quotes, looks two million
    quotes up, and prints a line of JSON; --write makes such a table.

    benchmark surface [--rounds N]
    benchmark surface --month [--sessions N] [--rounds N]

    Makes a chain of 10,000 quotes, a checked surface of it in so many rounds (15), and
    prints the median and the least processor time as a line of JSON. --month reads made-up
    minutes of SPXW (21 sessions, four expiries of 100 strikes), in turn alone and to a
    checked surface of every minute that is kept in a file (7 rounds), and prints what both
    take, and the time of all over that of reading alone.

    benchmark peers [--quick] [...]

    Trains in turn with JAX, PyTorch and stable-baselines3 on one core and prints
    ratios; says beforehand about how many minutes that takes. Needs python3; the
    peers' packages are fetched once.

      --shapes A,B      some of the policies in benchmarks/peers/shapes.json (all)
      --peers A,B       some of jax, jax-plain, torch-padded, torch-loop, torch-cell,
                        torch, sb3-contrib, sb3-contrib-vectorised, sb3,
                        sb3-vectorised (all)
      --lanes A,B       numbers of lanes (64,256,1024,4096; 32 for sb3), or one for
                        each side: strikeforge=1024,jax=256
      --best-lanes      each peer only where its reference rate is highest
      --pairs N         how many rounds must count at the fastest peer (7)
      --seconds S       about how long one measurement lasts (1.5)
      --quick           256 lanes, two short rounds, some minutes
      --core N          the core that everything is pinned to (the last)
      --require floors  exit code 2 where a ratio is below the floor of this class of
                        machine, or below a number: --require 2.5
      --write-reference keeps the peers' rates as this machine's reference; later a
                        peer below 70 % of it makes the run invalid: exit code 1
      --json FILE       also writes everything to FILE
      --proofs FILE     also adds rows to this table of proofs

    benchmark solve [--quick] [...]

    Learns each world with strikeforge, stable-baselines3 and JAX, the same settings
    and five seeds each, until the interquartile mean of fresh greedy episodes first
    reaches 95 % of the optimum (475 for cartpole), and prints processor seconds,
    steps and ratios. One core; needs python3 as `benchmark peers` does.

      --worlds A,B      some of leak, mean_reversion, cartpole (all)
      --programs A,B    some of strikeforge, sb3, jax (all)
      --seeds N         seeds 0 to N - 1 (5)
      --quick           leak alone, three seeds, under a minute
      --check           only checks that every program has the same worlds
      --core N          the core that everything is pinned to (the last)
      --json FILE       also writes everything to FILE
      --proofs FILE     also adds rows to this table of proofs

    What each number means stands in benchmarks/README.md. Exit codes: 0 done,
    1 failed, 2 slower than the baseline, 64 wrong usage.

    """

  static let flags = ["workers", "repetitions", "subjects", "policies", "environment-lanes", "json"]

  init(_ words: [String]) throws(BenchmarkError) {
    self.init()
    let words = try Arguments(words, values: Options.flags, switches: ["quick"])
    isQuick = words.has("quick")
    if let count = try words.count("workers", limit: 256) { workers = count }
    askedRepetitions = try words.count("repetitions", limit: 1000)
    environmentLanes = try words.count("environment-lanes", limit: 1 << 20)
    if let list = words.value("subjects") { subjects = try Options.list(list, of: "subject") }
    if let list = words.value("policies") { policies = try Options.list(list, of: "policy") }
    jsonPath = words.value("json")
  }

  init() {}

  /// What a baseline measured, measured again.
  init(again subjects: [Subject], policies: [PolicyShape], workers: Int, repetitions: Int?, isQuick: Bool) {
    self.subjects = subjects
    self.policies = policies
    self.workers = workers
    askedRepetitions = repetitions
    self.isQuick = isQuick
  }

  private static func list<Element: RawRepresentable<String> & CaseIterable & Equatable>(
    _ text: String, of kind: String
  ) throws(BenchmarkError) -> [Element] {
    var elements: [Element] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
      guard let element = Element(rawValue: name) else {
        let known = Element.allCases.map(\.rawValue)
        throw .usage(
          "unknown \(kind) '\(name)'\(NearestName.hint(name, among: known)); there are "
            + known.joined(separator: ", "))
      }
      if !elements.contains(element) { elements.append(element) }
    }
    return elements
  }
}
