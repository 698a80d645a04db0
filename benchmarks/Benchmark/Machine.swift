// What a number is worth nothing without: the machine that it was measured on.

import Glibc
import Kernels
import Market
import Networks
import OpCases
import Text
import Training

struct Machine {
  let processor: String
  let cores: Int
  let workers: Int
  let library: MatrixProduct.LibraryInformation
  /// Of the minute before the benchmark began: above 0.5 others were at work.
  let loadAverage: Double?
  let date: CalendarDate

  init(workers: Int) {
    let model = Machine.lines(of: "/proc/cpuinfo").first { $0.hasPrefix("model name") }
    processor = model?.split(separator: ":", maxSplits: 1).last.map { Machine.trimmed($0) } ?? "unknown"
    cores = WorkerPool.availableProcessors
    self.workers = workers
    library = MatrixProduct.libraryInformation
    loadAverage = Machine.lines(of: "/proc/loadavg").first?.split(separator: " ").first.flatMap { Double($0) }
    date = CalendarDate(daysSinceEpoch: Int32(clamping: time(nil) / 86_400))
  }

  var json: JSON {
    .object([
      "processor": .string(processor),
      "cores": .integer(Int64(cores)),
      "worker_threads": .integer(Int64(workers)),
      "blas_threads": .integer(Int64(library.threadCount)),
      "blas_configuration": .string(library.configuration),
      "blas_core": .string(library.core),
      "learner_kernels": .string(LearnerKernels.automatic.name(for: OpCases.TimedPolicy.lstm64.spec, bfloat16: nil)),
      "load_average_before": loadAverage.map(JSON.number) ?? .null,
    ])
  }

  /// The lines of a small file of the kernel's; none where it cannot be read.
  static func lines(of path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private static func trimmed(_ text: Substring) -> String {
    text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
  }
}
