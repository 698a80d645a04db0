// Measures the subjects in turn, so that a machine that slows down slows all of them.

import Networks

/// One number of the report, with a sample for each repetition.
struct Metric {
  let name: String
  let label: String
  let unit: String
  let samples: [Double]

  var minimum: Double { samples.min() ?? 0 }
  var maximum: Double { samples.max() ?? 0 }
  var median: Double {
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

struct Measurement {
  private let options: Options
  private let workload: Workload
  private let training: TrainingSubject?
  private let environment: EnvironmentSubject?
  private let decision: DecisionSubject?
  private let checkpoint: CheckpointSubject?
  private let allocations: AllocationSubject?
  private var samples: [String: [Double]] = [:]
  private var peaks: [Double] = []

  init(_ options: Options, _ workload: Workload) throws(BenchmarkError) {
    self.options = options
    self.workload = workload
    training = options.subjects.contains(.training) ? try TrainingSubject(workload, workers: options.workers) : nil
    environment = options.subjects.contains(.environment) ? try EnvironmentSubject(workload) : nil
    decision = options.subjects.contains(.decision) ? try DecisionSubject(workload) : nil
    checkpoint =
      options.subjects.contains(.checkpoint) ? try CheckpointSubject(parameters: workload.checkpointParameters) : nil
    allocations = options.subjects.contains(.allocations) ? try AllocationSubject(workload) : nil
  }

  /// All repetitions, after one of each that does not count.
  mutating func run() throws(BenchmarkError) -> [Metric] {
    for _ in 0...options.repetitions { try turn() }
    let kept = samples.mapValues { Array($0.dropFirst()) }
    func metric(_ name: String, _ label: String, _ unit: String) -> Metric? {
      kept[name].map { Metric(name: name, label: label, unit: unit, samples: $0) }
    }
    // A peak is measured before, between and after the subjects; those of the first turn warm up.
    let peaksPerTurn = peaks.count / (options.repetitions + 1)
    return [
      metric("training_steps_per_second", "training", "steps/s"),
      metric("training_rollout_percent", "  of which rollout", "%"),
      metric("training_update_percent", "  of which update", "%"),
      metric("training_gflop_per_second", "  in matrix products", "GFLOP/s"),
      metric("training_share_of_peak_percent", "  share of sgemm peak", "%"),
      metric("environment_steps_per_second", "environment alone", "steps/s"),
      metric("decision_p50_microseconds", "one decision, p50", "us"),
      metric("decision_p99_microseconds", "one decision, p99", "us"),
      metric("checkpoint_milliseconds", "checkpoint, written and flushed", "ms"),
      metric("allocations_environment_step", "allocations: step of the lanes", "calls"),
      metric("allocations_training_step", "  step of training", "calls"),
      metric("allocations_decision", "  decision", "calls"),
      metric("allocations_rollout_end", "  end of a rollout", "calls, varying"),
      metric("allocations_update", "  update", "calls"),
      metric("allocations_control", "  control, which makes one", "calls"),
      Metric(
        name: "sgemm_peak_gflop_per_second", label: "sgemm peak, one thread", unit: "GFLOP/s",
        samples: Array(peaks.dropFirst(peaksPerTurn))),
    ].compactMap { $0 }
  }

  private mutating func turn() throws(BenchmarkError) {
    let before = peak()
    if let training {
      let (rollout, update) = training.measure()
      let after = peak()
      let stepsPerSecond = Double(training.stepsPerRollout) / (rollout + update)
      let achieved = stepsPerSecond * training.operationsPerStep * 1e-9
      record("training_steps_per_second", stepsPerSecond)
      record("training_rollout_percent", 100 * rollout / (rollout + update))
      record("training_update_percent", 100 * update / (rollout + update))
      record("training_gflop_per_second", achieved)
      // Against the peaks right before and right after, one for each worker.
      record(
        "training_share_of_peak_percent", 100 * achieved / (Double(options.workers) * (before + after) / 2))
    }
    if let environment {
      record("environment_steps_per_second", environment.measure())
      _ = peak()
    }
    if let decision {
      let latency = try decision.measure()
      record("decision_p50_microseconds", latency.median)
      record("decision_p99_microseconds", latency.percentile99)
      _ = peak()
    }
    if let checkpoint { record("checkpoint_milliseconds", 1000 * (try checkpoint.measure())) }
    if let allocations {
      let counts = try allocations.measure()
      record("allocations_control", Double(counts.control))
      record("allocations_environment_step", counts.environmentStep)
      record("allocations_training_step", counts.trainingStep)
      record("allocations_decision", counts.decision)
      record("allocations_rollout_end", Double(counts.rolloutEnd))
      record("allocations_update", Double(counts.update))
    }
  }

  private mutating func record(_ name: String, _ value: Double) { samples[name, default: []].append(value) }

  private mutating func peak() -> Double {
    let peak = MatrixProduct.measurePeak(size: workload.sgemmSize)
    peaks.append(peak)
    return peak
  }
}
