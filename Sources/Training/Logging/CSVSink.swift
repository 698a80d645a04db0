// progress.csv: one line a rollout, cut back to the checkpoint on resume.

private import Glibc

/// `progress.csv` with fixed columns. Numbers are written as the shortest text that reads back to the same bits.
package final class CSVSink: MetricSink {
  private let path: String
  private let descriptor: Int32

  /// Opens the file for appending, cut back to the rows up to `resumeStep`; a new file gets its header.
  ///
  /// Rows after the checkpoint describe steps that will be walked again.
  package init(path: String, resumeStep: Int?) throws(TrainingError) {
    self.path = path
    let flags = resumeStep == nil ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR | O_CREAT
    descriptor = open(path, flags | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw CSVSink.failure(path, "open") }
    let header = MetricNames.all.joined(separator: ",") + "\n"
    if let resumeStep {
      try cutBack(to: resumeStep, header: header)
    } else {
      try append(header)
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  package func write(_ row: MetricRow) throws(TrainingError) {
    let fields = MetricNames.all.map { name in row[name].map { CSVSink.text($0) } ?? "" }
    try append(fields.joined(separator: ",") + "\n")
  }

  /// Brings what was written to the disk, so that no checkpoint is ahead of its log.
  package func flush() throws(TrainingError) {
    // Not every file system can (EINVAL, for example of a pipe); the rows are written all the same.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw CSVSink.failure(path, "flush") }
  }

  /// Whole numbers without a fraction, all others in the shortest form that reads back.
  package static func text(_ value: Double) -> String {
    // Minus zero is whole too, but its sign would be lost.
    if value == value.rounded(), value.magnitude < 1e15, value != 0 || value.sign == .plus {
      return String(Int64(value))
    }
    return "\(value)"
  }

  private func append(_ text: String) throws(TrainingError) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else { throw CSVSink.failure(path, "write to") }
      rest = rest.dropFirst(written)
    }
  }

  /// Keeps the header and the rows whose `time/total_timesteps` is at most `step`, and stops at the first line that is not whole.
  private func cutBack(to step: Int, header: String) throws(TrainingError) {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &block, block.count)
      guard count >= 0 else { throw CSVSink.failure(path, "read") }
      if count == 0 { break }
      bytes.append(contentsOf: block[0..<count])
    }
    let headerBytes = Array(header.utf8)
    guard bytes.starts(with: headerBytes) else {
      // Killed before the header was whole: there is no row to keep.
      guard headerBytes.starts(with: bytes) else {
        throw .file(
          path: path, action: "continue",
          reason: "its columns are not those of this version; move it away, or use the version that wrote it")
      }
      try truncate(to: 0)
      try append(header)
      return
    }
    let stepColumn = MetricNames.all.firstIndex(of: "time/total_timesteps")!
    var end = headerBytes.count
    while let newline = bytes[end...].firstIndex(of: 10) {
      let fields = bytes[end..<newline].split(separator: 44, omittingEmptySubsequences: false)
      guard fields.count == MetricNames.all.count,
        let rowStep = Int(String(decoding: fields[stepColumn], as: UTF8.self)), rowStep <= step
      else { break }
      end = newline + 1
    }
    try truncate(to: end)
  }

  private func truncate(to length: Int) throws(TrainingError) {
    guard ftruncate(descriptor, off_t(length)) == 0, lseek(descriptor, off_t(length), SEEK_SET) == off_t(length) else {
      throw CSVSink.failure(path, "cut back")
    }
  }

  private static func failure(_ path: String, _ action: String) -> TrainingError {
    .file(
      path: path, action: action,
      reason: String(cString: strerror(errno)) + "; check that its folder still exists and may be written")
  }
}
