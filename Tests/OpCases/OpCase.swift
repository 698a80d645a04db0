// One operation at one shape, declared once: what tests hold against its plain twin and against differences, and what `benchmark` times.

import Kernels

/// Vectors by name.
package typealias OpNumbers = [String: [Float]]
package typealias ExactNumbers = [String: [Double]]

/// An operation's case. `OpCases` lists them.
package struct OpCase: Sendable {
  /// The operation and its shape.
  package let name: String
  /// What it reads; the same at every call.
  package let numbers: @Sendable () -> OpNumbers
  /// The plain twin: its outputs by name, in double precision.
  package let plain: @Sendable (OpNumbers) -> ExactNumbers
  /// How far each output may be from the twin's.
  package let bounds: [String: OpBound]
  /// Every way of computing it here.
  package let ways: [OpWay]
  /// Nil where it is no gradient.
  package let differences: OpDifferences?
  /// What of it is timed; empty for shapes that only tests need.
  package let timings: [OpTiming]

  package init(
    _ name: String, numbers: @escaping @Sendable () -> OpNumbers,
    plain: @escaping @Sendable (OpNumbers) -> ExactNumbers, bounds: [String: OpBound], ways: [OpWay],
    differences: OpDifferences? = nil, timings: [OpTiming] = []
  ) {
    self.name = name
    self.numbers = numbers
    self.plain = plain
    self.bounds = bounds
    self.ways = ways
    self.differences = differences
    self.timings = timings
  }
}

/// One way of computing an operation: an instruction set's kernels, the library's, another spelling.
package struct OpWay: Sendable {
  package let name: String
  package let prepare: @Sendable (OpNumbers) -> OpCall

  package init(_ name: String, _ prepare: @escaping @Sendable (OpNumbers) -> OpCall) {
    self.name = name
    self.prepare = prepare
  }
}

/// An operation with its memory, ready to be called.
package struct OpCall {
  package let run: () -> Void
  /// What the last call left, by the names of the twin's outputs.
  package let outputs: () -> OpNumbers
  /// All that it reads and writes.
  package let buffers: [FencedBuffer]

  package init(buffers: [FencedBuffer], outputs: @escaping () -> OpNumbers, run: @escaping () -> Void) {
    self.buffers = buffers
    self.outputs = outputs
    self.run = run
  }
}

/// How far a number may be from the twin's.
package enum OpBound: Sendable {
  case absolute(Double)
  /// Times the larger of 1 and the number's size.
  case scaled(Double)
  /// Units in the last place of a float.
  case ulps(Double)
  /// Times the largest number of the output.
  case ofLargest(Double)
  /// The norm of the difference over the norm of the output.
  case distance(Double)
  /// 1 less the cosine of the angle between both.
  case angle(Double)

  /// What breaks the bound, as the end of a sentence; nil where nothing does. NaN breaks every bound.
  package func problem(_ found: [Double], _ exact: [Double]) -> String? {
    guard found.count == exact.count else { return "\(found.count) numbers, not \(exact.count)" }
    func sum(_ terms: some Sequence<Double>) -> Double { terms.reduce(0, +) }
    switch self {
    case .distance(let bound):
      let distance = (sum(zip(found, exact).map { ($0 - $1) * ($0 - $1) }) / sum(exact.map { $0 * $0 })).squareRoot()
      return distance < bound ? nil : "a distance of \(distance), not below \(bound)"
    case .angle(let bound):
      let lengths = (sum(found.map { $0 * $0 }) * sum(exact.map { $0 * $0 })).squareRoot()
      let angle = 1 - sum(zip(found, exact).map { $0 * $1 }) / lengths
      return angle < bound ? nil : "1 less the cosine is \(angle), not below \(bound)"
    default: break
    }
    let largest = exact.reduce(0) { max($0, abs($1)) }
    for index in exact.indices {
      let (one, other) = (found[index], exact[index])
      let limit =
        switch self {
        case .absolute(let bound): bound
        case .scaled(let bound): bound * max(1, abs(other))
        case .ulps(let bound): bound * Double(Float(other).magnitude.ulp)
        case .ofLargest(let bound): bound * largest
        case .distance, .angle: 0.0
        }
      if !(abs(one - other) <= limit) { return "number \(index) is \(one), not \(other) within \(limit)" }
    }
    return nil
  }
}

/// A gradient as the slope of a plain function.
package struct OpDifferences: Sendable {
  /// To either side of each number.
  package let step: Double
  package let bound: OpBound
  /// Which output is the gradient of which numbers.
  package let gradients: [(output: String, of: String)]
  /// The function, of all that the operation reads.
  package let function: @Sendable (ExactNumbers) -> Double

  package init(
    step: Double, bound: OpBound, gradients: [(output: String, of: String)],
    function: @escaping @Sendable (ExactNumbers) -> Double
  ) {
    self.step = step
    self.bound = bound
    self.gradients = gradients
    self.function = function
  }

  /// Numbers of a vector whose slope is taken: of longer ones as many, spread evenly.
  package static let mostPlaces = 96
}

/// A part of a case that `benchmark` times.
package struct OpTiming: Sendable {
  /// What a call's work is counted in.
  package enum Measure: Sendable {
    /// Multiplications and additions; told as GFLOP/s.
    case operations
    /// Numbers, units, rows or parameters; told as nanoseconds for one.
    case pieces
    /// Steps of lanes; told as steps a second.
    case steps
  }

  /// The metric's name without its unit.
  package let metric: String
  /// For a person.
  package let label: String
  package let measure: Measure
  /// Of one call.
  package let work: Double
  /// Memory that was written once, so that nothing fresh is measured, and what is called over and over.
  package let prepare: @Sendable (OpNumbers) -> OpCall

  package init(
    _ metric: String, _ label: String, _ measure: Measure, work: Int,
    prepare: @escaping @Sendable (OpNumbers) -> OpCall
  ) {
    self.metric = metric
    self.label = label
    self.measure = measure
    self.work = Double(work)
    self.prepare = prepare
  }
}

// MARK: - Running a case

extension OpCase {
  /// What is wrong with the ways' outputs, beside the plain twin's, and with their memory: sentences, none where all agree.
  package func problems() -> [String] {
    let numbers = numbers()
    let exact = plain(numbers)
    var problems = Set(bounds.keys).symmetricDifference(exact.keys).sorted().map {
      "\(name): no bound, or no output, is called \($0)"
    }
    if ways.isEmpty { problems.append("\(name): no way of computing it") }
    for way in ways {
      let call = way.prepare(numbers)
      call.run()
      let found = call.outputs()
      for (output, bound) in bounds.sorted(by: { $0.key < $1.key }) {
        let problem =
          found[output].map { bound.problem($0.map(Double.init), exact[output] ?? []) } ?? "it gives no such output"
        if let problem { problems.append("\(name) by \(way.name), \(output): \(problem)") }
      }
      if !call.buffers.allSatisfy(\.isIntact) {
        problems.append("\(name) by \(way.name): something was written beside its memory")
      }
    }
    return problems
  }

  /// What is wrong with the ways' gradients, beside the slopes of the plain function: sentences, none where all agree or the case has none.
  package func slopeProblems() -> [String] {
    guard let differences else { return [] }
    let numbers = numbers()
    let found = ways.map { way in
      let call = way.prepare(numbers)
      call.run()
      return (way: way.name, outputs: call.outputs())
    }
    var problems: [String] = []
    for (output, name) in differences.gradients {
      let (places, slopes) = differences.slopes(along: name, numbers.mapValues { $0.map(Double.init) })
      for (way, outputs) in found {
        let gradient = outputs[output] ?? []
        guard gradient.count == numbers[name]?.count else {
          problems.append("\(self.name) by \(way): \(output) is no gradient of \(name)")
          continue
        }
        if let problem = differences.bound.problem(places.map { Double(gradient[$0]) }, slopes) {
          problems.append("\(self.name) by \(way), the slope along \(name): \(problem)")
        }
      }
    }
    return problems
  }
}

extension OpDifferences {
  /// Central differences along a vector at some of its places.
  func slopes(along name: String, _ numbers: ExactNumbers) -> (places: [Int], slopes: [Double]) {
    let values = numbers.vector(name)
    let apart = max(1, (values.count + OpDifferences.mostPlaces - 1) / OpDifferences.mostPlaces)
    let places = Array(stride(from: 0, to: values.count, by: apart))
    func value(_ place: Int, _ moved: Double) -> Double {
      var (numbers, values) = (numbers, values)
      values[place] += moved
      numbers[name] = values
      return function(numbers)
    }
    return (places, places.map { (value($0, step) - value($0, -step)) / (2 * step) })
  }
}

/// What the list of an operation begins with.
enum OpDraw {
  /// Normal numbers times `scale`.
  static func normals(_ count: Int, _ random: inout RandomStream, scale: Double = 0.5) -> [Float] {
    (0..<count).map { _ in Float(scale * random.nextNormal()) }
  }
}

extension OpNumbers {
  /// A vector that the case drew. Traps where there is none of that name.
  func vector(_ name: String) -> [Float] {
    guard let vector = self[name] else { preconditionFailure("no numbers called \(name)") }
    return vector
  }
}

extension ExactNumbers {
  func vector(_ name: String) -> [Double] {
    guard let vector = self[name] else { preconditionFailure("no numbers called \(name)") }
    return vector
  }
}
