// The program `proving-grounds`: the learner on tasks that everybody knows, outside the product's programs.

@preconcurrency import Glibc
import Kernels
import ProvingGrounds
import Text
import Training

private let usage = """
  usage: proving-grounds ["NAME" ...] [--seeds N] [--first-seed N] [--steps N] [--reference FILE]
  Names: \(ProvingGround.all.map { "\"\($0.name)\"" }.joined(separator: ", ")).
  Trains ten seeds, or --seeds N, from 0 or --first-seed N up, with the settings and steps of RL Baselines3 Zoo, plays 100 fresh episodes
  greedily with the last parameters, and prints every seed's mean return; then the interquartile means, and for seeds from 0 up their
  differences from what the reference libraries reached in FILE (benchmarks/proving-grounds.json), corrected after Holm over the grounds
  compared. Exit code 2 where a result is below the reference.
  """

/// Of the matrix library or of our own, in a sentence.
private struct UnusableKernels: Error, CustomStringConvertible {
  let description: String
}

@main
enum Main {
  static func main() {
    StandardDescriptors.openClosed()
    setvbuf(stdout, nil, _IOLBF, 0)
    do {
      try run()
    } catch let error as UsageError {
      print("proving-grounds: \(error.message)\n\(usage)")
      exit(64)
    } catch {
      print("proving-grounds: \(error)")
      exit(1)
    }
  }

  private static func run() throws {
    let words = Array(CommandLine.arguments.dropFirst())
    if words.contains("--help") {
      print(usage)
      return
    }
    if let problem = InstructionSet.limitProblem { throw UnusableKernels(description: problem) }
    try ProcessLimits.requireProducts()
    if let problem = MatrixKernels.problem { throw UnusableKernels(description: problem) }
    let arguments = try Arguments(words, flags: Flag.values("seeds", "first-seed", "steps", "reference"))
    let names = arguments.operands
    for name in names where !ProvingGround.all.contains(where: { $0.name == name }) {
      throw UsageError("cannot use '\(name)'")
    }
    let seedCount = try arguments.wholeNumber("seeds", in: 2...1000) ?? 10
    let firstSeed = UInt64(try arguments.wholeNumber("first-seed", in: 0...(1 << 32 - 1)) ?? 0)
    let steps = try arguments.wholeNumber("steps", in: 1...1 << 40)
    let file = arguments.value("reference") ?? "benchmarks/proving-grounds.json"
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
