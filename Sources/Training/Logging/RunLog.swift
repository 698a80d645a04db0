// All files that a run's rows go to.

private import Algorithms

/// `progress.csv` always, `metrics.jsonl` and TensorBoard's event files where they are asked for.
package final class RunLog: MetricSink {
  private let sinks: [any MetricSink]

  /// Opens the files in the run's folder, cut back to `resumeStep` where the run is resumed.
  package init(_ directory: RunDirectory, _ configuration: RunConfiguration, resumeStep: Int?) throws(TrainingError) {
    let run = configuration.run
    let columns = MetricNames.columns(with: configuration.algorithm.family.metricNames)
    var sinks: [any MetricSink] = [
      try CSVSink(
        path: directory.file("progress.csv"), in: directory.held, columns: columns, resumeStep: resumeStep)
    ]
    if run.metricsJSONLines {
      sinks.append(try JSONLinesSink(path: directory.file("metrics.jsonl"), in: directory.held, resumeStep: resumeStep))
    }
    if run.tensorBoard {
      sinks.append(try TensorBoardSink(folder: directory.path, held: directory.held, resumeStep: resumeStep))
    }
    self.sinks = sinks
  }

  package func write(_ row: MetricRow) throws(TrainingError) {
    for sink in sinks { try sink.write(row) }
  }

  package func flush() throws(TrainingError) {
    for sink in sinks { try sink.flush() }
  }
}
