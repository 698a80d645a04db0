// progress.csv: one line a rollout, cut back to the checkpoint on resume.

package import Storage

/// `progress.csv` with fixed columns. Numbers are written as the shortest text that reads back to the same bits.
package final class CSVSink: MetricSink {
  private let file: LogFile
  private let columns: [String]

  /// Opens the file for appending, cut back to the rows up to `resumeStep`; a new file gets its header.
  ///
  /// Rows after the checkpoint describe steps that will be walked again. `folder`: the held one that the path leads into.
  package init(
    path: String, in folder: HeldFolder? = nil, columns: [String] = MetricNames.all, resumeStep: Int?
  ) throws(TrainingError) {
    file = try LogFile(path: path, in: folder, continues: resumeStep != nil)
    self.columns = columns
    let header = columns.joined(separator: ",") + "\n"
    if let resumeStep {
      try cutBack(to: resumeStep, header: header)
    } else {
      try file.append(header)
    }
  }

  package func write(_ row: MetricRow) throws(TrainingError) {
    let fields = columns.map { name in row[name].map { CSVSink.text($0) } ?? "" }
    try file.append(fields.joined(separator: ",") + "\n")
  }

  package func flush() throws(TrainingError) { try file.flush() }

  /// Whole numbers without a fraction, all others in the shortest form that reads back.
  package static func text(_ value: Double) -> String {
    // Minus zero is whole too, but its sign would be lost.
    if value == value.rounded(), value.magnitude < 1e15, value != 0 || value.sign == .plus {
      return String(Int64(value))
    }
    return "\(value)"
  }

  /// Keeps the header and the rows whose `time/total_timesteps` is at most `step`, and stops at the first line that is not whole.
  private func cutBack(to step: Int, header: String) throws(TrainingError) {
    let bytes = try file.content()
    let headerBytes = Array(header.utf8)
    guard bytes.starts(with: headerBytes) else {
      // Killed before the header was whole: there is no row to keep.
      guard headerBytes.starts(with: bytes) else {
        throw .file(
          path: file.path, action: "continue",
          reason: "its columns are not those of this version; move it away, or use the version that wrote it")
      }
      try file.truncate(to: 0)
      try file.append(header)
      return
    }
    let stepColumn = columns.firstIndex(of: "time/total_timesteps")!
    var end = headerBytes.count
    while let newline = bytes[end...].firstIndex(of: 10) {
      let fields = bytes[end..<newline].split(separator: 44, omittingEmptySubsequences: false)
      guard fields.count == columns.count,
        let rowStep = Int(String(decoding: fields[stepColumn], as: UTF8.self)), rowStep <= step
      else { break }
      end = newline + 1
    }
    try file.truncate(to: end)
  }
}
