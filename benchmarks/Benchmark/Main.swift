// The benchmark: how fast this machine trains, steps and decides, measured in one process and told with its noise.

import Glibc
import Inference
import Kernels
import Networks
import OpCases
import Text
import Training

@main
struct Main {
  static func main() {
    StandardDescriptors.openClosed()
    StandardOutput.bufferLines()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let words = Array(CommandLine.arguments.dropFirst())
    if words.contains("--help") || words.contains("-h") {
      print(Options.help, terminator: "")
      exit(0)
    }
    if let problem = InstructionSet.limitProblem {
      complain("benchmark: \(problem)")
      exit(64)
    }
    if !["compare", "market", "bars", "chains", "surface"].contains(words.first), MatrixProduct.buffers(upTo: 1) < 1 {
      complain(
        "benchmark: the matrix library needs \(MatrixProduct.bufferBytes >> 20) MiB of address space for every thread that multiplies, and "
          + "the limits of this process do not give them; lift them with ulimit -v unlimited")
      exit(1)
    }
    do throws(BenchmarkError) {
      if let problem = MatrixKernels.problem { throw .failed(problem) }
      let rest = Array(words.dropFirst())
      switch words.first {
      case "train": try TrainVerb.run(rest)
      case "compare": try CompareVerb.run(rest)
      case "market": try MarketVerb.run(rest)
      case "bars": try BarsVerb.run(rest)
      case "chains": try ChainsVerb.run(rest)
      case "surface": try SurfaceVerb.run(rest)
      case "peers": try PeersVerb.run(rest)
      case "solve": try SolveVerb.run(rest)
      case "solve-ours": try SolveVerb.runOurs(rest)
      default: try measure(Options(words))
      }
    } catch {
      switch error {
      case .usage(let message):
        complain("benchmark: \(message)\n\(Options.usage)")
        exit(64)
      case .refused(let message):
        complain("benchmark: \(message)")
        exit(2)
      case .failed(let message):
        complain("benchmark: \(message)")
        exit(1)
      }
    }
  }

  private static func measure(_ options: Options) throws(BenchmarkError) {
    // Opened first: minutes of measuring should not end in a path that cannot be written.
    let file = try options.jsonPath.flatMap { $0 == "-" ? nil : $0 }.map(OutputFile.init)
    try sayProducts(RunConfiguration().run, OpCases.TimedPolicy.lstm64.spec, path: options.jsonPath)
    let report = try Report.measuring(options)
    try publish(report.json, lines: report.table, path: options.jsonPath, file: file)
  }

  /// Who does the products of a policy, before the first is measured; own kernels are held against CBLAS.
  static func sayProducts(_ run: RunConfiguration.Run, _ spec: NetworkSpec, path: String?) throws(BenchmarkError) {
    let line: String
    do {
      line = try MatrixKernels.line(run, run.kernels, spec)
    } catch {
      throw .failed(error.description)
    }
    if path == "-" { complain(line) } else { print(line) }
  }

  /// The JSON to where it was asked for, the lines to where people read.
  static func publish(_ json: JSON, lines: String, path: String?, file: OutputFile?) throws(BenchmarkError) {
    let text = json.prettyText + "\n"
    if path == "-" {
      // Standard output is for the program that reads it.
      complain(lines)
      print(text, terminator: "")
    } else {
      print(lines)
    }
    try file?.write(text)
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
  /// Slower than the baseline: exit code 2.
  case refused(String)
  /// Something outside the program: exit code 1.
  case failed(String)
}
