// Functions of single numbers, the distribution over actions, and the optimizers.

import Glibc
import Kernels

extension OpCases {
  // MARK: Functions

  /// A function of single numbers, in place.
  package struct Function: Sendable {
    package let name: String
    /// Of the numbers that it is swept over.
    package let limit: Float
    let ulps: Double
    package let kernel: @Sendable (UnsafeMutablePointer<Float>, Int) -> Void
    let exact: @Sendable (Double) -> Double
  }

  package static let functions = [
    Function(name: "exp", limit: 87, ulps: 1.5, kernel: { Elementwise.exp($0, count: $1) }, exact: { exp($0) }),
    Function(
      name: "sigmoid", limit: 80, ulps: 3, kernel: { Elementwise.sigmoid($0, count: $1) }, exact: { 1 / (1 + exp(-$0)) }
    ),
    Function(name: "tanh", limit: 100, ulps: 3, kernel: { Elementwise.tanh($0, count: $1) }, exact: { tanh($0) }),
    Function(name: "relu", limit: 100, ulps: 0, kernel: { Elementwise.relu($0, count: $1) }, exact: { max($0, 0) }),
  ]

  /// Floats of both signs whose bit patterns are spread over magnitudes 4.7e-10 ... limit.
  package static func sweep(upTo limit: Float, step: UInt32 = 997) -> [Float] {
    var values: [Float] = [0, -0.0]
    var bits: UInt32 = 0x3000_0000
    while Float(bitPattern: bits) < limit {
      values.append(Float(bitPattern: bits))
      values.append(-Float(bitPattern: bits))
      bits += step * 61
    }
    return values
  }

  static let elementwise: [OpCase] =
    functions.map { function in
      elementwise(function, "a sweep") { sweep(upTo: function.limit) }
    }
    + ["tanh", "exp"].compactMap { name in
      let count = 4096
      return functions.first { $0.name == name }.map { function in
        elementwise(
          function, "\(count) numbers",
          timing: OpTiming("pointwise_\(name)", "\(name), one number", .pieces, work: count) {
            numbers in
            let values = FencedBuffer(numbers.vector("x"))
            return OpCall(buffers: [values], outputs: { ["y": values.array] }) {
              // What comes out goes in again: exponentials are kept small, so that they never overflow.
              if name == "exp" { for index in 0..<count { values.base[index] = 0.25 * values.base[index] - 0.5 } }
              function.kernel(values.base, count)
            }
          }
        ) {
          var random = RandomStream(seed: 4, purpose: .market)
          return OpDraw.normals(count, &random)
        }
      }
    }

  private static func elementwise(
    _ function: Function, _ words: String, timing: OpTiming? = nil, numbers: @escaping @Sendable () -> [Float]
  ) -> OpCase {
    OpCase(
      "\(function.name), \(words)", numbers: { ["x": numbers()] },
      plain: { ["y": $0.vector("x").map { function.exact(Double($0)) }] }, bounds: ["y": .ulps(function.ulps)],
      ways: [
        OpWay("kernel") { numbers in
          let values = FencedBuffer(numbers.vector("x"))
          return OpCall(buffers: [values], outputs: { ["y": values.array] }) {
            function.kernel(values.base, values.count)
          }
        }
      ], timings: timing.map { [$0] } ?? [])
  }

  // MARK: Actions

  static let softmax: [OpCase] =
    [1, 2, 7, 8, 9, 13, 16, 17, 64].map { distribution(actions: $0) }
    + [3, 8, 9, 16, 20].map { policyGradient(actions: $0) } + [timedActions]

  /// Legal actions as numbers, 1 or 0, and as a mask.
  private static func mask(_ legal: ArraySlice<Float>) -> UInt64 {
    legal.enumerated().reduce(0) { $0 | ($1.element == 1 ? 1 << UInt64($1.offset) : 0) }
  }

  /// Log-probabilities of legal actions and the entropy.
  private static func exactDistribution(_ logits: [Double], _ legal: [Int]) -> (logs: [Double], entropy: Double) {
    let largest = legal.map { logits[$0] }.max() ?? 0
    let logSum = log(legal.map { exp(logits[$0] - largest) }.reduce(0, +)) + largest
    let logs = legal.map { logits[$0] - logSum }
    return (logs, -logs.map { exp($0) * $0 }.reduce(0, +))
  }

  /// The distribution over the legal of some actions, 50 rows of random masks.
  private static func distribution(actions count: Int) -> OpCase {
    let rows = 50
    @Sendable func legal(_ numbers: OpNumbers, row: Int) -> ArraySlice<Float> {
      numbers.vector("legal")[row * count..<(row + 1) * count]
    }
    return OpCase(
      "masked softmax of \(count)",
      numbers: {
        var random = RandomStream(seed: 5, purpose: .market, lane: UInt32(count))
        var (logits, legal): ([Float], [Float]) = ([], [])
        for _ in 0..<rows {
          logits += OpDraw.normals(count, &random, scale: 5)
          var mask = random.next() & (count == 64 ? .max : (1 << UInt64(count)) - 1)
          if mask == 0 { mask = 1 }
          legal += (0..<count).map { mask & (1 << UInt64($0)) != 0 ? 1 : 0 }
        }
        return ["logits": logits, "legal": legal]
      },
      plain: { numbers in
        var exact: ExactNumbers = [
          "log-probabilities": [], "probabilities": [], "entropy": [], "illegal": [],
        ]
        for row in 0..<rows {
          let allowed = legal(numbers, row: row)
          let places = (0..<count).filter { allowed[row * count + $0] == 1 }
          let logits = numbers.vector("logits")[row * count..<(row + 1) * count].map(Double.init)
          let (logs, entropy) = exactDistribution(logits, places)
          exact["log-probabilities"]! += logs
          exact["probabilities"]! += logs.map { exp($0) }
          exact["entropy"]!.append(entropy)
          for _ in 0..<count - places.count {
            exact["illegal"]! += [Double(MaskedSoftmax.illegalLogProbability), 0]
          }
        }
        return exact
      },
      bounds: [
        "log-probabilities": .scaled(4e-6), "probabilities": .absolute(1e-6), "entropy": .absolute(1e-5),
        "illegal": .absolute(0),
      ],
      ways: [
        OpWay("kernel") { numbers in
          let (logs, probabilities) = (FencedBuffer(numbers.vector("logits")), FencedBuffer(count: rows * count))
          let entropies = FencedBuffer(count: rows)
          return OpCall(
            buffers: [logs, probabilities, entropies],
            outputs: {
              var found: OpNumbers = [
                "log-probabilities": [], "probabilities": [], "entropy": entropies.array, "illegal": [],
              ]
              let allowed = numbers.vector("legal")
              for (place, (log, probability)) in zip(logs.array, probabilities.array).enumerated() {
                if allowed[place] == 1 {
                  found["log-probabilities"]!.append(log)
                  found["probabilities"]!.append(probability)
                } else {
                  found["illegal"]! += [log, probability]
                }
              }
              return found
            }
          ) {
            for row in 0..<rows {
              entropies.base[row] = MaskedSoftmax.evaluate(
                logits: logs.base + row * count, mask: mask(legal(numbers, row: row)), count: count,
                logProbabilities: logs.base + row * count, probabilities: probabilities.base + row * count)
            }
          }
        }
      ])
  }

  /// What a policy's loss pulls at the logits: of one action, and of the entropy.
  private static let (pull, entropyScale, chosen): (Float, Float, Int) = (-0.7, 0.3, 2)

  private static func policyGradient(actions count: Int) -> OpCase {
    let legal = (0..<count).filter { $0 != 1 }
    let mask = ((UInt64(1) << UInt64(count)) - 1) & ~0b10
    return OpCase(
      "policy gradient of \(count)",
      numbers: {
        var random = RandomStream(seed: 7, purpose: .market, lane: UInt32(count))
        return ["logits": OpDraw.normals(count, &random, scale: 1)]
      },
      plain: { numbers in
        let (logs, entropy) = exactDistribution(numbers.vector("logits").map(Double.init), legal)
        var gradient = [Double](repeating: 0, count: count)
        for (action, log) in zip(legal, logs) {
          gradient[action] =
            Double(pull) * ((action == chosen ? 1 : 0) - exp(log)) + Double(entropyScale) * exp(log) * (log + entropy)
        }
        return ["gradient": gradient]
      },
      bounds: ["gradient": .absolute(2e-6)],
      ways: [
        OpWay("kernel") { numbers in
          let logits = FencedBuffer(numbers.vector("logits"))
          let (logs, chances) = (FencedBuffer(count: count), FencedBuffer(count: count))
          let gradient = FencedBuffer(count: count)
          return OpCall(buffers: [logits, logs, chances, gradient], outputs: { ["gradient": gradient.array] }) {
            let entropy = MaskedSoftmax.evaluate(
              logits: logits.base, mask: mask, count: count, logProbabilities: logs.base, probabilities: chances.base)
            MaskedSoftmax.gradient(
              logProbabilities: logs.base, probabilities: chances.base, entropy: entropy, count: count, action: chosen,
              pull: pull, entropyScale: entropyScale, into: gradient.base)
          }
        }
      ],
      differences: OpDifferences(step: 1e-5, bound: .absolute(2e-6), gradients: [("gradient", "logits")]) { numbers in
        let (logs, entropy) = exactDistribution(numbers.vector("logits"), legal)
        let log = legal.firstIndex(of: chosen).map { logs[$0] } ?? .nan
        return Double(pull) * log - Double(entropyScale) * entropy
      })
  }

  /// Rows of the standard environment's nine actions.
  private static let timedActions: OpCase = {
    let (rows, count, mask) = (256, 9, UInt64(0b1_0111_1011))
    @Sendable func call(_ numbers: OpNumbers, softmax: Bool, gradient: Bool) -> OpCall {
      let (logits, result) = (FencedBuffer(numbers.vector("logits")), FencedBuffer(count: rows * count))
      let scratch = FencedBuffer(numbers.vector("scratch"))
      return OpCall(
        buffers: [logits, result, scratch],
        outputs: { ["gradient": result.array] }
      ) {
        for row in 0..<rows {
          var entropy: Float = 1
          if softmax {
            entropy = MaskedSoftmax.evaluate(
              logits: logits.base + row * count, mask: mask, count: count, logProbabilities: scratch.base,
              probabilities: scratch.base + count)
          }
          guard gradient else { continue }
          // An action that is allowed: 2 is not.
          MaskedSoftmax.gradient(
            logProbabilities: scratch.base, probabilities: scratch.base + count, entropy: entropy, count: count,
            action: row % 2, pull: 0.1, entropyScale: 0.01, into: result.base + row * count)
        }
      }
    }
    return OpCase(
      "policy gradient of \(count), \(rows) rows",
      numbers: {
        var random = RandomStream(seed: 4, purpose: .market, lane: 9)
        return ["logits": OpDraw.normals(rows * count, &random), "scratch": OpDraw.normals(2 * count, &random)]
      },
      plain: { numbers in
        let legal = (0..<count).filter { mask >> UInt64($0) & 1 == 1 }
        var gradient: [Double] = []
        for row in 0..<rows {
          let logits = numbers.vector("logits")[row * count..<(row + 1) * count].map(Double.init)
          let (logs, entropy) = exactDistribution(logits, legal)
          var line = [Double](repeating: 0, count: count)
          for (action, log) in zip(legal, logs) {
            line[action] = 0.1 * ((action == row % 2 ? 1 : 0) - exp(log)) + 0.01 * exp(log) * (log + entropy)
          }
          gradient += line
        }
        return ["gradient": gradient]
      },
      bounds: ["gradient": .absolute(2e-6)],
      ways: [OpWay("kernel") { call($0, softmax: true, gradient: true) }],
      timings: [
        OpTiming("pointwise_softmax", "masked softmax, a row of 9", .pieces, work: rows) {
          call($0, softmax: true, gradient: false)
        },
        OpTiming("pointwise_policy_gradient", "policy gradient, a row of 9", .pieces, work: rows) {
          call($0, softmax: false, gradient: true)
        },
      ])
  }()

  // MARK: Optimizers

  static let optimizers: [OpCase] = [1, 8, 11].map { adam(parameters: $0) } + [adam(parameters: 24_000, isTimed: true)]

  /// Ten steps.
  private static func adam(parameters count: Int, isTimed: Bool = false) -> OpCase {
    let steps = 10
    @Sendable func call(_ numbers: OpNumbers, _ range: ClosedRange<Int>) -> OpCall {
      let parameters = FencedBuffer(numbers.vector("parameters"))
      let moments = (0..<2).map { _ in FencedBuffer([Float](repeating: 0, count: count)) }
      let gradients = FencedBuffer(numbers.vector("gradients"))
      return OpCall(
        buffers: moments + [parameters, gradients], outputs: { ["parameters": parameters.array] }
      ) {
        for step in range {
          OptimizerSteps.adam(
            parameters: parameters.base, gradients: gradients.base + (step - 1) * count, firstMoments: moments[0].base,
            secondMoments: moments[1].base, count: count, learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-5,
            step: step, gradientScale: 0.5)
        }
      }
    }
    return OpCase(
      "Adam, \(count) parameters",
      numbers: {
        var random = RandomStream(seed: 7, purpose: .market, lane: UInt32(count))
        return [
          "parameters": OpDraw.normals(count, &random, scale: 1),
          "gradients": OpDraw.normals(steps * count, &random, scale: 1),
        ]
      },
      plain: { numbers in
        var exact = numbers.vector("parameters").map(Double.init)
        var (m, v) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        var (power1, power2) = (1.0, 1.0)
        let gradients = numbers.vector("gradients")
        for step in 0..<steps {
          power1 *= 0.9
          power2 *= 0.999
          for index in 0..<count {
            let g = Double(gradients[step * count + index]) * 0.5
            m[index] = 0.9 * m[index] + 0.1 * g
            v[index] = 0.999 * v[index] + 0.001 * g * g
            exact[index] -= 0.01 * (m[index] / (1 - power1)) / ((v[index] / (1 - power2)).squareRoot() + 1e-5)
          }
        }
        return ["parameters": exact]
      },
      bounds: ["parameters": .absolute(2e-6)], ways: [OpWay("kernel") { call($0, 1...steps) }],
      timings: isTimed
        ? [OpTiming("pointwise_adam", "Adam, one parameter", .pieces, work: count) { call($0, steps...steps) }] : [])
  }
}
