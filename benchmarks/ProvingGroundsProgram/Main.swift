// The program `proving-grounds`: the learner on tasks that everybody knows, outside the product's programs.

@preconcurrency import Glibc
import Kernels
import ProvingGrounds

private let usage = """
  usage: proving-grounds ["NAME" ...] [--seeds N] [--steps N]
  Names: \(ProvingGround.all.map { "\"\($0.name)\"" }.joined(separator: ", ")).
  Trains 100,000 steps a seed (A2C: 500,000, DQN: 50,000; 0 to N - 1, 10 by default) with the settings of RL Baselines3 Zoo, plays 100 fresh episodes greedily with
  the last parameters, and prints every seed's mean return. Exit code 2 where the result is below what it must be.
  """

@main
enum Main {
  static func main() throws {
    setvbuf(stdout, nil, _IOLBF, 0)
    var names: [String] = []
    var seedCount = 10
    var steps: Int?
    var rest = CommandLine.arguments.dropFirst()
    while let argument = rest.popFirst() {
      if argument == "--help" {
        print(usage)
        return
      } else if argument == "--seeds", let number = rest.popFirst().flatMap(Int.init), (1...1000).contains(number) {
        seedCount = number
      } else if argument == "--steps", let number = rest.popFirst().flatMap(Int.init), number > 0 {
        steps = number
      } else if ProvingGround.all.contains(where: { $0.name == argument }) {
        names.append(argument)
      } else {
        print("proving-grounds: cannot use '\(argument)'\n\(usage)")
        exit(64)
      }
    }
    let pool = WorkerPool(workerCount: WorkerPool.availableProcessors)
    var holds = true
    for ground in ProvingGround.all where names.isEmpty || names.contains(ground.name) {
      var means: [Double] = []
      for seed in 0..<UInt64(seedCount) {
        let returns = try ground.returns(of: ground.train(seed: seed, timesteps: steps, pool: pool), seed: seed)
        means.append(returns.reduce(0, +) / Double(returns.count))
        print("\(ground.name), seed \(seed): \(means[means.count - 1])")
      }
      let result = ProvingResult(means: means, of: ground)
      print("\(ground.name): \(result.summary)" + (result.holds ? "" : ": BELOW what it must be"))
      holds = holds && result.holds
    }
    if !holds { exit(2) }
  }
}
