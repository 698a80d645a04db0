// The program `proving-grounds`: the learner on tasks that everybody knows, outside the product's programs.

@preconcurrency import Glibc
import Kernels
import ProvingGrounds

private let usage = """
  usage: proving-grounds ["NAME" ...] [--seeds N] [--first-seed N] [--steps N] [--reference FILE]
  Names: \(ProvingGround.all.map { "\"\($0.name)\"" }.joined(separator: ", ")).
  Trains ten seeds, or --seeds N, from 0 or --first-seed N up, with the settings and steps of RL Baselines3 Zoo, plays 100 fresh episodes
  greedily with the last parameters, and prints every seed's mean return; then the interquartile means, and for seeds from 0 up their
  differences from what the reference libraries reached in FILE (benchmarks/proving-grounds.json), corrected after Holm over the grounds
  compared. Exit code 2 where a result is below the reference.
  """

@main
enum Main {
  static func main() {
    setvbuf(stdout, nil, _IOLBF, 0)
    do {
      try run()
    } catch {
      print("proving-grounds: \(error)")
      exit(1)
    }
  }

  private static func run() throws {
    var names: [String] = []
    var seedCount = 10
    var firstSeed: UInt64 = 0
    var steps: Int?
    var file = "benchmarks/proving-grounds.json"
    var rest = CommandLine.arguments.dropFirst()
    while let argument = rest.popFirst() {
      if argument == "--help" {
        print(usage)
        return
      } else if argument == "--seeds", let number = rest.popFirst().flatMap(Int.init), (2...1000).contains(number) {
        seedCount = number
      } else if argument == "--first-seed", let number = rest.popFirst().flatMap(UInt64.init), number < 1 << 32 {
        firstSeed = number
      } else if argument == "--steps", let number = rest.popFirst().flatMap(Int.init), number > 0 {
        steps = number
      } else if argument == "--reference", let name = rest.popFirst() {
        file = name
      } else if ProvingGround.all.contains(where: { $0.name == argument }) {
        names.append(argument)
      } else {
        print("proving-grounds: cannot use '\(argument)'\n\(usage)")
        exit(64)
      }
    }
    let reference = try ProvingReference(file: file)
    let pool = WorkerPool(workerCount: WorkerPool.availableProcessors)
    var results: [(name: String, ours: [Double], reference: [Double])] = []
    for ground in ProvingGround.all where names.isEmpty || names.contains(ground.name) {
      var means: [Double] = []
      for seed in firstSeed..<firstSeed + UInt64(seedCount) {
        let returns = try ground.returns(of: ground.train(seed: seed, timesteps: steps, pool: pool), seed: seed)
        means.append(returns.reduce(0, +) / Double(returns.count))
        print("\(ground.name), seed \(seed): \(means[means.count - 1])")
      }
      results.append((ground.name, means, firstSeed == 0 ? reference.means(of: ground, seeds: seedCount) : []))
    }
    let comparisons = ProvingComparison.all(results.filter { !$0.reference.isEmpty })
    for result in results {
      guard let comparison = comparisons.first(where: { $0.name == result.name }) else {
        print("\(result.name): \(ProvingComparison.summary(result.name, result.ours))")
        print("  \(file) does not hold these seeds of it: not compared")
        continue
      }
      print("\(comparison.name): \(comparison.summary)" + (comparison.holds ? "" : ": BELOW the reference"))
    }
    if !comparisons.allSatisfy(\.holds) { exit(2) }
  }
}
