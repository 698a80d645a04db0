// One decision of a deployed policy, one network or an ensemble: how long its caller waits.

import AgentInterface
import Environments
import Glibc
import Inference
import Kernels
import Networks
import Training

final class DecisionSubject {
  private var session: PolicySession
  private let observations: [[Float]]
  private let mask: ActionMask
  private var microseconds: [Double]
  /// As many zeros as the network has weights.
  private let weights: [Float]

  /// `members`: how many such networks vote; nil for one alone.
  init(_ workload: Workload, members: Int? = nil) throws(BenchmarkError) {
    let spec = workload.spec(of: try workload.environment(lanes: 1))
    let parameters = ParameterStore(layout: ParameterLayout(spec))
    var random = RandomStream(seed: 0, purpose: .initialization)
    Initialization.initialize(parameters, spec: spec, random: &random)
    let normalizer = ObservationNormalizer(
      mean: [Double](repeating: 0, count: spec.inputs), variance: [Double](repeating: 1, count: spec.inputs), count: 1)
    let network = InferencePolicy(
      spec: spec, parameters: parameters.values.array, normalizer: normalizer, requiresMask: true)
    let policy = members.map { count in
      DeployedPolicy(
        ensemble: (0..<count).map { .init(name: "\($0)", policy: network, weight: 1) }, rule: .softVote, fallback: nil)
    }
    session = (policy ?? network.deployed).makeSession()
    observations = (0..<64).map { _ in (0..<spec.inputs).map { _ in Float(random.nextNormal()) } }
    mask = ActionMask.all(count: spec.actions)
    microseconds = [Double](repeating: 0, count: workload.decisions)
    weights = [Float](repeating: 0, count: ParameterLayout(spec).count)
  }

  /// Decisions of one measurement.
  var count: Int { microseconds.count }

  /// The median and the 99th percentile of one decision, in microseconds.
  func measure() throws(BenchmarkError) -> (median: Double, percentile99: Double) {
    try decideAll()
    let sorted = microseconds.sorted()
    return (sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
  }

  /// Microseconds that the processor takes to read as many bytes as the network's weights have, once, from where decisions find them: no decision can be
  /// faster, since each weight is needed once. The fastest of many.
  func measureReading() -> Double {
    var fastest = Double.infinity
    for _ in 0..<1000 {
      let start = MonotonicClock.seconds
      // The C library's search reads whole registers of whatever the processor has; what it looks for is not there.
      let found = weights.withUnsafeBytes { memchr($0.baseAddress!, 1, $0.count) }
      fastest = min(fastest, (MonotonicClock.seconds - start) * 1e6)
      precondition(found == nil, "a byte that was never written")
    }
    return fastest
  }

  /// Makes and times every decision.
  func decideAll() throws(BenchmarkError) {
    do {
      try DecisionSubject.time(&session, observations, mask, &microseconds)
    } catch {
      throw .failed("\(error)")
    }
  }

  /// Its own function: what is asked of a class at every access is not part of a decision.
  private static func time(
    _ session: inout PolicySession, _ observations: [[Float]], _ mask: ActionMask, _ microseconds: inout [Double]
  ) throws {
    for index in microseconds.indices {
      let observation = observations[index % observations.count]
      let start = MonotonicClock.seconds
      _ = try session.decide(observation, mask: mask, startsEpisode: index == 0)
      microseconds[index] = (MonotonicClock.seconds - start) * 1e6
    }
  }
}
