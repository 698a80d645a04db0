// The numbers as a table for people and as JSON for programs.

import Algorithms
import Market
import Networks
import Text
import Training

struct Report {
  let options: Options
  let machine: Machine
  let workload: Workload
  let metrics: [Metric]

  /// Measures everything that is asked for.
  static func measuring(_ options: Options) throws(BenchmarkError) -> Report {
    let machine = Machine(workers: options.workers)
    let workload = Workload(isQuick: options.isQuick, environmentLanes: options.environmentLanes)
    var measurement = try Measurement(options, workload)
    return Report(options: options, machine: machine, workload: workload, metrics: try measurement.run())
  }

  var table: String {
    var lines = trainingTable
    // Shares follow from what stands beside them.
    let rest = metrics.filter { !$0.name.hasPrefix("training_") && !$0.label.isEmpty }
    let rows =
      [["", "median", "minimum", "maximum", "unit"]]
      + rest.map { metric in
        [metric.label] + [metric.median, metric.minimum, metric.maximum].map(Report.short) + [
          metric.unit + share(metric)
        ]
      }
    let body = rows.map { row in
      Report.padded(row[0], 38) + row[1...3].map { Report.leading($0, 11) }.joined() + "  " + row[4]
    }
    lines += [body[0], String(repeating: "-", count: 78)] + body[1...]
    let training = workload.configuration
    lines += kernelLines
    lines.append("")
    lines.append(
      "\(training.world.lanes) lanes x \(training.ppo.horizon) steps, \(training.ppo.epochs) epochs; "
        + "repetitions: \(options.repetitions); workers: \(options.workers)")
    lines.append(String("\(machine.processor), \(machine.cores) cores; BLAS \(machine.library.core)".prefix(80)))
    let load = machine.loadAverage.map { "load before: \($0)" } ?? "load unknown"
    lines.append(
      String(
        "strikeforge \(BuildInformation.version), revision \(BuildInformation.revision); \(machine.date); \(load)"
          .prefix(80)))
    if options.isQuick { lines.append("quick: the shapes are too small to say how fast anything is") }
    return lines.joined(separator: "\n")
  }

  /// The share of peak that stands beside a product's speed.
  private func share(_ metric: Metric) -> String {
    let name = metric.name.replacing("_gflop_per_second", with: "_share_of_peak_percent")
    guard name != metric.name, let share = metrics.first(where: { $0.name == name }) else { return "" }
    return ", \(Report.short(share.median)) %"
  }

  /// A row a policy, medians with the range of the first column.
  private var trainingTable: [String] {
    let measured = options.policies.filter { shape in
      metrics.contains { $0.name == TrainingPart.total.metric(shape) }
    }
    guard !measured.isEmpty else { return [] }
    func line(_ label: String, _ cells: [String]) -> String {
      Report.padded(label, 20) + zip(cells, [10, 11, 10, 8, 7, 6, 6]).map { Report.leading($0, $1) }.joined()
    }
    var lines = [
      "training: medians, rollout and update by themselves, share of the sgemm peak,",
      "allocator calls of an update, most memory held",
      line("", TrainingPart.allCases.map(\.head)), String(repeating: "-", count: 78),
    ]
    for shape in measured {
      let medians = TrainingPart.allCases.map { part in
        metrics.first { $0.name == part.metric(shape) }.map { Report.short($0.median) } ?? "?"
      }
      lines.append(line(shape.label, medians))
      if let total = metrics.first(where: { $0.name == TrainingPart.total.metric(shape) }) {
        lines.append(line("  minimum, maximum", [Report.short(total.minimum), Report.short(total.maximum)]))
      }
    }
    return lines + [""]
  }

  var json: JSON {
    let training = workload.configuration
    return .object([
      "version": .string(BuildInformation.version),
      "revision": .string(BuildInformation.revision),
      "date": .string("\(machine.date)"),
      "machine": machine.json,
      "settings": .object([
        "quick": .bool(options.isQuick),
        "repetitions": .integer(Int64(options.repetitions)),
        "subjects": .array(options.subjects.map { .string($0.rawValue) }),
        "policies": .array(options.policies.map { .string($0.rawValue) }),
        "lanes": .integer(Int64(training.world.lanes)),
        "horizon": .integer(Int64(training.ppo.horizon)),
        "epochs": .integer(Int64(training.ppo.epochs)),
        "batch_size": .integer(Int64(training.ppo.batchSize)),
        "lstm_hidden": .integer(Int64(training.network.lstmHidden)),
        "environment_lanes": .integer(Int64(workload.environmentLanes)),
        "environment_steps": .integer(Int64(workload.environmentSteps * workload.environmentPasses)),
        "decisions": .integer(Int64(workload.decisions)),
        "checkpoint_parameters": .integer(Int64(workload.checkpointParameters)),
        "sgemm_size": .integer(Int64(workload.sgemmSize)),
      ]),
      "metrics": .array(
        metrics.map { metric in
          .object([
            "name": .string(metric.name), "unit": .string(metric.unit), "median": .number(metric.median),
            "minimum": .number(metric.minimum), "maximum": .number(metric.maximum),
            "samples": .array(metric.samples.map(JSON.number)),
          ])
        }),
    ])
  }

  /// Whole numbers in groups of three from 1,000 up, else about three digits that matter.
  static func short(_ value: Double) -> String {
    if value >= 1000 { return ConsoleSink.grouped(Int(value.rounded())) }
    if value >= 100 { return "\(Int(value.rounded()))" }
    let factor = value >= 10 ? 10.0 : 100.0
    return "\((value * factor).rounded() / factor)"
  }

  static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  static func leading(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
