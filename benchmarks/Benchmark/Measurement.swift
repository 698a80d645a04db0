// Measures the subjects in turn, so that a machine that slows down slows all of them.

import Networks
import OpCases

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
  private let training: [(shape: PolicyShape, subject: TrainingSubject)]
  private let products: OpSubject?
  private let kernels: OpSubject?
  private let pointwise: OpSubject?
  private let pricing: PricingSubject?
  private let surface: SurfaceSubject?
  private let desk: DeskSubject?
  private let risk: RiskSubject?
  private let environment: EnvironmentSubject?
  private let baskets: BasketsSubject?
  private let optionGames: OptionsSubject?
  private let decision: DecisionSubject?
  private let checkpoint: CheckpointSubject?
  private let save: SaveSubject?
  private let imports: ImportSubject?
  private let store: StoreSubject?
  private let evaluation: EvaluationSubject?
  private let allocations: AllocationSubject?
  /// In the order in which they were first measured.
  private var metrics: [(name: String, label: String, unit: String, samples: [Double])] = []
  private var places: [String: Int] = [:]
  private var peaks: [Double] = []

  init(_ options: Options, _ workload: Workload) throws(BenchmarkError) {
    self.options = options
    self.workload = workload
    func has(_ subject: Subject) -> Bool { options.subjects.contains(subject) }
    var training: [(PolicyShape, TrainingSubject)] = []
    if has(.training) {
      for shape in options.policies {
        training.append((shape, try TrainingSubject(shape, workload, workers: options.workers)))
      }
    }
    self.training = training
    products = has(.products) ? OpSubject(.operations, isQuick: options.isQuick) : nil
    kernels = has(.kernels) ? OpSubject(.steps, isQuick: options.isQuick) : nil
    pointwise = has(.pointwise) ? OpSubject(.pieces, isQuick: options.isQuick) : nil
    pricing = has(.pricing) ? PricingSubject(isQuick: options.isQuick) : nil
    surface = has(.syntheticSurface) ? try SurfaceSubject(isQuick: options.isQuick) : nil
    desk = has(.desk) ? try DeskSubject(isQuick: options.isQuick) : nil
    risk = has(.risk) ? RiskSubject(isQuick: options.isQuick) : nil
    environment = has(.environment) ? try EnvironmentSubject(workload) : nil
    baskets =
      has(.baskets) ? try BasketsSubject(workload, isQuick: options.isQuick, workers: options.workers) : nil
    optionGames = has(.options) ? try OptionsSubject(isQuick: options.isQuick) : nil
    decision = has(.decision) ? try DecisionSubject(workload) : nil
    checkpoint = has(.checkpoint) ? try CheckpointSubject(parameters: workload.checkpointParameters) : nil
    save = has(.save) ? try SaveSubject(parameters: workload.saveParameters) : nil
    evaluation = has(.evaluation) ? try EvaluationSubject(isQuick: options.isQuick) : nil
    imports = has(.import) ? try ImportSubject(isQuick: options.isQuick) : nil
    store = has(.store) ? try StoreSubject(isQuick: options.isQuick) : nil
    allocations = has(.allocations) ? try AllocationSubject(workload) : nil
  }

  static let sgemm = "sgemm_peak_gflop_per_second"

  /// All repetitions, after one of each that does not count.
  mutating func run() throws(BenchmarkError) -> [Metric] {
    for _ in 0...options.repetitions { try turn() }
    if let peak = ProcessMemory.peak, !training.isEmpty {
      record("peak_memory_mebibytes", "peak memory, all of it", "MiB", peak)
      record("peak_memory_mebibytes", "", "", peak)
    }
    // A peak is measured before, between and after the subjects; those of the first turn warm up.
    let peaksPerTurn = peaks.count / (options.repetitions + 1)
    return metrics.map {
      Metric(name: $0.name, label: $0.label, unit: $0.unit, samples: Array($0.samples.dropFirst()))
    } + [
      Metric(
        name: Measurement.sgemm, label: "sgemm peak, one thread", unit: "GFLOP/s",
        samples: Array(peaks.dropFirst(peaksPerTurn)))
    ]
  }

  private mutating func turn() throws(BenchmarkError) {
    var before = peak()
    for (shape, subject) in training {
      let sample = try subject.measure()
      let after = peak()
      record(shape, subject, sample, peak: (before + after) / 2)
      before = after
    }
    if let products {
      let found = products.run()
      let peak = (before + peak()) / 2
      for (metric, label, gflops) in found {
        record(.operations, metric, label, gflops)
        record(metric + "_share_of_peak_percent", "", "%", 100 * gflops / peak)
      }
    }
    if let kernels {
      for (metric, label, steps) in kernels.run() { record(.steps, metric, label, steps) }
      _ = peak()
    }
    if let pointwise {
      for (metric, label, nanoseconds) in pointwise.run() { record(.pieces, metric, label, nanoseconds) }
      _ = peak()
    }
    if let pricing {
      for (name, label, rate) in pricing.measure() { record(name + "_per_second", label, "options/s", rate) }
      _ = peak()
    }
    if let surface {
      record("synthetic_surface_nanoseconds", "synthetic quote, at most 40", "ns", try surface.measure())
      _ = peak()
    }
    if let desk {
      let sample = try desk.measure()
      record("desk_fill", "desk: an order filled and booked", sample.fill, besidePlain: sample.plainFill)
      record("desk_mark", "  a book of two legs marked", sample.mark, besidePlain: sample.plainMark)
      record("desk_allocations", "  allocations of all of them", "calls", Double(sample.allocations))
      _ = peak()
    }
    if let risk {
      let sample = try risk.measure()
      record("risk_judge", "risk: an order against all limits", sample.judge, besidePlain: sample.plainJudge)
      record("risk_mark", "  a book of two legs valued", sample.mark, besidePlain: sample.plainMark)
      record("risk_allocations", "  allocations of all of them", "calls", Double(sample.allocations))
      _ = peak()
    }
    if let environment {
      record("environment_steps_per_second", "environment alone", "steps/s", environment.measure())
      _ = peak()
    }
    if let baskets {
      record(try baskets.measure())
      _ = peak()
    }
    if let optionGames {
      let sample = try optionGames.measure()
      record(
        "options_surface", "options: a step, on a surface", sample.surface, besidePlain: sample.plainSurface, least: 0.4
      )
      record("options_chain", "  on chains", sample.chain, besidePlain: sample.plainChain, least: 0.3)
      record("short_premium_nanoseconds", "  short_premium, on a surface", "ns", sample.premium)
      record(
        "short_premium_of_options", "  of the speed of options", "of 1, at least 0.6", sample.surface / sample.premium)
      record("options_allocations", "  allocations of all steps", "calls", Double(sample.allocations))
      if let peak = optionGames.peakMebibytes {
        record("options_peak_mebibytes", "  60 sessions, 3 symbols, 4,096 lanes", "MiB, at most 2048", peak)
      }
      _ = peak()
    }
    if let decision {
      let latency = try decision.measure()
      record("decision_p50_microseconds", "one decision, p50", "us", latency.median)
      record("decision_p99_microseconds", "one decision, p99", "us", latency.percentile99)
      let reading = decision.measureReading()
      record("decision_reading_weights_microseconds", "  reading its weights once", "us", reading)
      record("decision_over_reading", "  p50 over that reading", "times, at most 2", latency.median / reading)
      _ = peak()
    }
    if let checkpoint {
      record("checkpoint_milliseconds", "checkpoint, written and flushed", "ms", 1000 * (try checkpoint.measure()))
      record(
        "checkpoint_load_milliseconds", "checkpoint, read and checked", "ms", 1000 * (try checkpoint.measureLoad()))
    }
    if let save {
      let sample = try save.measure()
      let megabytes = Double(save.bytes) * 1e-6
      record("save_megabytes_per_second", "save beside a run, flushed", "MB/s", megabytes / sample.seconds)
      record("save_plain_megabytes_per_second", "  as much plainly, flushed", "MB/s", megabytes / sample.plainSeconds)
      record("save_share_of_plain", "  share of that", "of 1", sample.plainSeconds / sample.seconds)
      record("save_held_up_milliseconds", "  the run waits", "ms", 1000 * sample.heldUpSeconds)
    }
    if let imports {
      record("import_bars_per_second", "import, written and flushed", "bars/s", try imports.measure())
      _ = peak()
    }
    if let store {
      record("store_tape_milliseconds", "minutes from store to tape", "ms", 1000 * (try store.measureTape()))
      record(
        "store_start_milliseconds", "start of a run, 2 of 100 symbols", "ms",
        1000 * (try store.measureStart(ofMinutes: false)))
      record(
        "store_start_minutes_milliseconds", "  of minutes, 2 of 5", "ms",
        1000 * (try store.measureStart(ofMinutes: true)))
      _ = peak()
    }
    if let evaluation {
      record("evaluation_milliseconds", "evaluation of 13 years", "ms", 1000 * (try evaluation.measure()))
      _ = peak()
    }
    if let allocations {
      let counts = try allocations.measure()
      record("allocations_environment_step", "allocations: step of the lanes", "calls", counts.environmentStep)
      record("allocations_training_step", "  step of training", "calls", counts.trainingStep)
      record("allocations_decision", "  decision", "calls", counts.decision)
      record("allocations_rollout_end", "  end of a rollout", "calls, varying", Double(counts.rolloutEnd))
      record("allocations_update", "  update", "calls", Double(counts.update))
      record("allocations_control", "  control, which makes one", "calls", Double(counts.control))
    }
  }

  /// Baskets, each of four times as many symbols as the one before.
  private mutating func record(_ baskets: [BasketsSubject.Sample]) {
    for (place, basket) in baskets.enumerated() {
      let name = "baskets_\(basket.symbols)"
      record(
        name + "_step_microseconds", "basket of \(basket.symbols): a step, end to end", "us", 1e6 * basket.stepSeconds)
      record(name + "_start_milliseconds", "  from bars to lanes", "ms", 1e3 * basket.startSeconds)
      if let mebibytes = basket.mebibytes { record(name + "_peak_mebibytes", "  most memory held", "MiB", mebibytes) }
      guard place > 0 else { continue }
      let (before, times) = (baskets[place - 1], "of \(baskets[place - 1].symbols)'s, at most 4")
      record(name + "_step_over_fewer", "  a step", times, basket.stepSeconds / before.stepSeconds)
      record(name + "_start_over_fewer", "  the start", times, basket.startSeconds / before.startSeconds)
      if let one = basket.mebibytes, let other = before.mebibytes {
        record(name + "_memory_over_fewer", "  memory", times, one / other)
      }
    }
  }

  /// Nanoseconds of a piece of work, and how they compare with a plain C loop's of the same arithmetic.
  private mutating func record(
    _ name: String, _ label: String, _ nanoseconds: Double, besidePlain plain: Double, least: Double = 0.5
  ) {
    record(name + "_nanoseconds", label, "ns", nanoseconds)
    record(name + "_of_plain_c", "  of a plain C loop's speed", "of 1, at least \(least)", plain / nanoseconds)
  }

  private mutating func record(
    _ shape: PolicyShape, _ subject: TrainingSubject, _ sample: TrainingSubject.Sample, peak: Double
  ) {
    let steps = Double(subject.stepsPerRollout)
    let stepsPerSecond = steps / (sample.rolloutSeconds + sample.updateSeconds)
    let achieved = stepsPerSecond * subject.operationsPerStep * 1e-9
    func record(_ part: TrainingPart, _ value: Double) {
      self.record(part.metric(shape), shape.label, part.unit, value)
    }
    record(.total, stepsPerSecond)
    record(.rollout, steps / sample.rolloutSeconds)
    record(.update, steps / sample.updateSeconds)
    record(.gflops, achieved)
    // Against the peaks right before and right after, one for each worker.
    record(.share, 100 * achieved / (Double(options.workers) * peak))
    record(.allocations, Double(sample.updateAllocations))
    if let mebibytes = subject.peakMebibytes { record(.memory, mebibytes) }
  }

  private mutating func record(_ measure: OpTiming.Measure, _ metric: String, _ label: String, _ value: Double) {
    record(metric + OpSubject.suffix(measure), label, OpSubject.unit(measure), value)
  }

  private mutating func record(_ name: String, _ label: String, _ unit: String, _ value: Double) {
    if let place = places[name] {
      metrics[place].samples.append(value)
    } else {
      places[name] = metrics.count
      metrics.append((name, label, unit, [value]))
    }
  }

  private mutating func peak() -> Double {
    let peak = MatrixProduct.measurePeak(size: workload.sgemmSize)
    peaks.append(peak)
    return peak
  }
}

/// What is told of each policy's training.
enum TrainingPart: String, CaseIterable {
  case total = "steps_per_second"
  case rollout = "rollout_steps_per_second"
  case update = "update_steps_per_second"
  case gflops = "gflop_per_second"
  case share = "share_of_peak_percent"
  case allocations = "allocations_per_update"
  case memory = "peak_memory_mebibytes"

  /// The name of a policy's metric.
  func metric(_ shape: PolicyShape) -> String {
    "training_" + shape.rawValue.replacing("-", with: "_") + "_" + rawValue
  }

  var unit: String {
    switch self {
    case .total, .rollout, .update: "steps/s"
    case .gflops: "GFLOP/s"
    case .share: "%"
    case .allocations: "calls"
    case .memory: "MiB"
    }
  }

  /// Of the table's column.
  var head: String {
    switch self {
    case .total: "steps/s"
    case .rollout: "rollout"
    case .update: "update"
    case .gflops: "GFLOP/s"
    case .share: "% peak"
    case .allocations: "calls"
    case .memory: "MiB"
    }
  }
}
