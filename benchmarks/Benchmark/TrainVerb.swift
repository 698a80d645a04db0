// benchmark train: a configuration through the same entry as `strikeforge train`, timed.

import Algorithms
import Configuration
import Glibc
import Inference
import Kernels
import Networks
import Text
import Training

enum TrainVerb {
  static func run(_ words: [String]) throws(BenchmarkError) {
    let words = try Arguments(words, values: ["json"], repeated: ["config", "set"])
    guard words.has("config") else {
      throw .usage("train needs --config FILE, for example benchmarks/configurations/lstm64.yaml")
    }
    let path = words.value("json")
    let file = try path.flatMap { $0 == "-" ? nil : $0 }.map(OutputFile.init)
    let result: TrainResult
    do {
      result = try TrainResult(layers(words), sources: words.values("config")) { (run, spec) throws(BenchmarkError) in
        try Main.sayProducts(run, spec, path: path)
      }
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(error)")
    }
    try Main.publish(result.json, lines: result.lines, path: path, file: file)
  }

  private static func layers(_ words: Arguments) throws -> ConfigurationLayers {
    var layers = ConfigurationLayers(RunConfiguration())
    for file in words.values("config") { try layers.apply(yamlFile: file) }
    for assignment in words.values("set") { try layers.apply(assignment: assignment) }
    return layers
  }
}

/// What one run showed.
struct TrainResult {
  let configuration: RunConfiguration
  let sources: [String]
  let machine: Machine
  let parameterDigest: String
  let wallSeconds: Double
  let processorSeconds: Double
  let operationsPerStep: Double
  /// GFLOP/s of one thread, right before and right after.
  let peaks: [Double]

  var stepsPerSecond: Double { Double(configuration.wholeTimesteps) / wallSeconds }
  var stepsPerProcessorSecond: Double { Double(configuration.wholeTimesteps) / processorSeconds }
  /// The products that no program can leave out, in GFLOP/s.
  var achieved: Double { stepsPerSecond * operationsPerStep * 1e-9 }

  /// Trains in a temporary folder. The clock runs from the first rollout to the last checkpoint: the log, the looks at the selection window
  /// and every save are inside.
  ///
  /// `begin` hears of the run's settings and its network before the first step.
  init(
    _ layers: ConfigurationLayers, sources: [String],
    begin: (RunConfiguration.Run, NetworkSpec) throws(BenchmarkError) -> Void
  ) throws {
    configuration = layers.configuration
    self.sources = sources
    let folder = try TemporaryFolder()
    let factory = try EnvironmentFactory(configuration)
    let spec = try Trainer.requireTrainable(configuration, factory)
    try begin(configuration.run, spec)
    let directory = try RunStart.makeFolder(
      layers, factory: factory, run: folder.path + "/run", command: CommandLine.arguments)
    let trainer = try Trainer(starting: configuration, factory: factory, in: directory)
    operationsPerStep = ArithmeticFloor.operationsPerStep(spec, configuration)
    let workers = configuration.run.workers
    machine = Machine(workers: workers == 0 ? WorkerPool.availableProcessors : workers)
    let before = MatrixProduct.measurePeak()
    let (wall, processor) = (MonotonicClock.seconds, ProcessorTime.seconds)
    guard try trainer.run() == .finished else { throw BenchmarkError.failed("the run did not finish") }
    wallSeconds = MonotonicClock.seconds - wall
    processorSeconds = ProcessorTime.seconds - processor
    peaks = [before, MatrixProduct.measurePeak()]
    parameterDigest = trainer.parameterDigest
    withExtendedLifetime(folder) {}
  }

  var lines: String {
    func whole(_ value: Double) -> String { ConsoleSink.grouped(Int(value.rounded())) }
    let peak = (peaks[0] + peaks[1]) / 2
    let steps = ConsoleSink.grouped(configuration.wholeTimesteps)
    return """
      configuration    \(sources.joined(separator: ", ")): \(steps) steps of \(configuration.world.lanes) lanes x \
      \(configuration.learner.stepsBetweenUpdates)
      training         \(whole(stepsPerSecond)) steps/s; \(whole(stepsPerProcessorSecond)) a second of processor time
      matrix products  \(ConsoleSink.short(achieved)) GFLOP/s of \(ConsoleSink.short(peak)) (sgemm, one thread: \
      \(ConsoleSink.short(peaks[0])) before, \(ConsoleSink.short(peaks[1])) after; BLAS \(machine.library.core))
      included         log, looks at the selection window, saves every \
      \(ConsoleSink.grouped(configuration.run.checkpointInterval)) steps, at the start and at the end
      parameters       \(parameterDigest)
      """
  }

  var json: JSON {
    .object([
      "version": .string(BuildInformation.version), "revision": .string(BuildInformation.revision),
      "date": .string("\(machine.date)"), "machine": machine.json,
      "configuration": .array(sources.map(JSON.string)),
      "lanes": .integer(Int64(configuration.world.lanes)), "steps": .integer(Int64(configuration.wholeTimesteps)),
      "steps_per_second": .number(stepsPerSecond), "steps_per_cpu_second": .number(stepsPerProcessorSecond),
      "gflop_per_second": .number(achieved), "sgemm_peak_gflop_per_second": .array(peaks.map(JSON.number)),
      "parameters": .string(parameterDigest),
    ])
  }
}
