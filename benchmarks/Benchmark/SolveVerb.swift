// benchmark solve: how long each program learns until a world is solved.

import Glibc
import Kernels
import ProvingGrounds
import Storage
import Text
import Training

/// Checks the words, then becomes `benchmarks/solve`, which starts `benchmark solve-ours` beside the other programs.
enum SolveVerb {
  /// As benchmarks/peers/solve.py knows them.
  private static let programs = ["strikeforge", "sb3", "jax"]

  static func run(_ words: [String]) throws(BenchmarkError) {
    let arguments = try Arguments(
      words, values: ["worlds", "programs", "seeds", "core", "json", "proofs"], switches: ["quick", "check"])
    if let seeds = try arguments.count("seeds", limit: 100), seeds < 3 {
      throw .usage("--seeds is \(seeds); an interquartile mean needs at least 3")
    }
    let script = try PeersScript("solve")
    try PeersScript.requireKnown("programs", arguments, among: programs)
    try PeersScript.requireKnown(
      "worlds", arguments, among: worlds(script.root + "/benchmarks/peers/worlds.json").map(\.name))
    try script.become(words)
  }

  private static func worlds(_ path: String) throws(BenchmarkError) -> [SolvedWorld] {
    let rows: [JSON]
    do {
      rows = try JSON.parse(FileSystem.read(path)).arrayValue ?? []
    } catch {
      throw .failed("\(path): \(error)")
    }
    return try rows.map { (row) throws(BenchmarkError) in
      guard let world = SolvedWorld(row) else { throw .failed("\(path): no world that this program has: \(row.text)") }
      return world
    }
  }

  // MARK: Our side

  /// `benchmark solve-ours --worlds-file FILE --world NAME --seed N`: learns as far as lines come on standard input, and answers each with a line: steps,
  /// processor seconds without the looks, and the mean return of a look. With `--trace N` the world alone: N steps of it.
  static func runOurs(_ words: [String]) throws(BenchmarkError) {
    let arguments = try Arguments(words, values: ["worlds-file", "world", "seed", "trace"])
    guard let path = arguments.value("worlds-file"), let name = arguments.value("world"),
      let seed = arguments.value("seed").flatMap({ UInt64($0) })
    else { throw .usage("solve-ours needs --worlds-file FILE, --world NAME and --seed N") }
    let known = try worlds(path)
    guard let world = known.first(where: { $0.name == name }) else {
      throw .usage("unknown world '\(name)'; there are " + known.map(\.name).joined(separator: ", "))
    }
    if let steps = try arguments.count("trace", limit: 1 << 20) {
      world.trace(steps: steps, seed: seed) { seen, action, reward, ended, next in
        print(
          JSON.object([
            "seen": .array(seen.map { .number(Double($0)) }), "action": .integer(Int64(action)),
            "reward": .number(Double(reward)), "ended": .bool(ended),
            "next": .array(next.map { .number(Double($0)) }),
          ]).text)
      }
      return
    }
    try learn(world, seed: seed)
  }

  private static func learn(_ world: SolvedWorld, seed: UInt64) throws(BenchmarkError) {
    let attempt = ProvingAttempt(
      world.ground, seed: seed, timesteps: world.ground.timesteps, pool: WorkerPool(workerCount: 1))
    var looking = 0.0
    func tell(_ score: Double?) {
      var line: [String: JSON] = [
        "steps": .integer(Int64(attempt.steps)), "processor_seconds": .number(ProcessorTime.seconds - looking),
      ]
      line["score"] = score.map(JSON.number)
      print(JSON.object(line).text)
    }
    tell(nil)
    while readLine() != nil, !attempt.isOver {
      for _ in 0..<world.rolloutsPerLook where !attempt.isOver { attempt.advance() }
      let start = ProcessorTime.seconds
      let returns: [Double]
      do {
        returns = try world.ground.returns(of: attempt.policy, episodes: world.episodes, seed: seed)
      } catch {
        throw .failed("\(error)")
      }
      looking += ProcessorTime.seconds - start
      tell(returns.reduce(0, +) / Double(returns.count))
    }
  }
}
