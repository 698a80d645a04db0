// Operations that `OpCases` declares, each over and over in the caches: products at the shapes of training, pointwise parts, and whole passes.

import Kernels
import Networks
import OpCases

/// What of the cases is timed in one measure.
final class OpSubject {
  private let calls: [(timing: OpTiming, call: OpCall)]
  private let measure: OpTiming.Measure
  private let callSeconds: Double

  init(_ measure: OpTiming.Measure, isQuick: Bool) {
    self.measure = measure
    // A pass is of milliseconds, a kernel of microseconds.
    callSeconds = isQuick ? 0.001 : measure == .steps ? 0.3 : 0.03
    calls = OpCases.all.flatMap { one in
      let timings = one.timings.filter { $0.measure == measure }
      guard !timings.isEmpty else { return [(OpTiming, OpCall)]() }
      let numbers = one.numbers()
      return timings.map { ($0, $0.prepare(numbers)) }
    }
  }

  /// Behind a metric's name.
  static func suffix(_ measure: OpTiming.Measure) -> String {
    switch measure {
    case .operations: "_gflop_per_second"
    case .pieces: "_nanoseconds"
    case .steps: "_steps_per_second"
    }
  }

  static func unit(_ measure: OpTiming.Measure) -> String {
    switch measure {
    case .operations: "GFLOP/s"
    case .pieces: "ns"
    case .steps: "steps/s"
    }
  }

  /// Each in its unit, with the case's name for the metric.
  func run() -> [(metric: String, label: String, value: Double)] {
    calls.map { timing, call in
      let seconds = RepeatedCalls.secondsPerCall(lasting: callSeconds, call.run)
      let value =
        switch measure {
        case .operations: timing.work / seconds * 1e-9
        case .pieces: seconds / timing.work * 1e9
        case .steps: timing.work / seconds
        }
      return (timing.metric, timing.label, value)
    }
  }
}

extension Report {
  /// Which kernels are the faster here, a line a policy, and which of them `auto` takes.
  var kernelLines: [String] {
    OpCases.TimedPolicy.allCases.compactMap { policy in
      let medians = OpCases.kernelWays.compactMap { way in
        metrics.first { $0.name == policy.metric(way) + OpSubject.suffix(.steps) }?.median
      }
      guard medians.count == 2, medians.allSatisfy({ $0 > 0 }) else { return nil }
      let (library, own) = (machine.library.title, "own kernels \(InstructionSet.processor)")
      let ratio = max(medians[0], medians[1]) / min(medians[0], medians[1])
      let order =
        medians[1] > medians[0]
        ? "\(own) \(Report.short(ratio)) x \(library)" : "\(library) \(Report.short(ratio)) x \(own)"
      return
        "faster here, \(policy.label): \(order); auto: \(LearnerKernels.automatic.chosen(for: policy.spec).rawValue)"
    }
  }
}
