// The benchmark: how fast this machine trains, steps and decides, measured in one process and told with its noise.

import Glibc
import Inference
import Training

@main
struct Main {
  static func main() {
    StandardOutput.bufferLines()
    signal(SIGPIPE, SIG_IGN)
    do {
      guard let options = try Options(Array(CommandLine.arguments.dropFirst())) else {
        print(Options.help, terminator: "")
        exit(0)
      }
      try run(options)
    } catch {
      switch error {
      case .usage(let message):
        complain("benchmark: \(message)\n\(Options.usage)")
        exit(64)
      case .failed(let message):
        complain("benchmark: \(message)")
        exit(1)
      }
    }
  }

  private static func run(_ options: Options) throws(BenchmarkError) {
    // Opened first: minutes of measuring should not end in a path that cannot be written.
    let file = try options.jsonPath.flatMap { $0 == "-" ? nil : $0 }.map(OutputFile.init)
    let machine = Machine(workers: options.workers)
    let workload = Workload(isQuick: options.isQuick)
    var measurement = try Measurement(options, workload)
    let metrics = try measurement.run()
    let report = Report(options: options, machine: machine, workload: workload, metrics: metrics)
    let json = report.json.prettyText + "\n"
    if options.jsonPath == "-" {
      // Standard output is for the program that reads it.
      complain(report.table)
      print(json, terminator: "")
    } else {
      print(report.table)
    }
    try file?.write(json)
  }

  private static func complain(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    bytes.withUnsafeBytes { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

/// Why there are no numbers.
enum BenchmarkError: Error {
  /// A command line that cannot be understood: exit code 64, with the usage.
  case usage(String)
  /// Something outside the program: exit code 1.
  case failed(String)
}
