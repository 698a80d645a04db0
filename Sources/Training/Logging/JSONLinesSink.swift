// metrics.jsonl: one JSON object a rollout, cut back to the checkpoint on resume.

package import Storage
private import Text

/// `metrics.jsonl`: the step and every number of the row, those without a column in `progress.csv` included. A number is written as
/// there; one that is not finite is null, because JSON has no word for it.
package final class JSONLinesSink: MetricSink {
  private let file: LogFile

  /// Opens the file for appending, cut back to the rows up to `resumeStep`.
  /// `folder`: the held one that the path leads into.
  package init(path: String, in folder: HeldFolder? = nil, resumeStep: Int?) throws(TrainingError) {
    file = try LogFile(path: path, in: folder, continues: resumeStep != nil)
    if let resumeStep { try cutBack(to: resumeStep) }
  }

  package func write(_ row: MetricRow) throws(TrainingError) { try file.append(JSONLinesSink.line(row)) }

  package func flush() throws(TrainingError) { try file.flush() }

  /// `{"step":128,"rollout/ep_len_mean":20,...}` and a line break.
  static func line(_ row: MetricRow) -> String {
    var line = "{\"step\":\(row.step)"
    for name in row.names {
      guard let value = row[name] else { continue }
      line += "," + JSON.string(name).text + ":" + (value.isFinite ? CSVSink.text(value) : "null")
    }
    return line + "}\n"
  }

  /// Keeps the rows up to `step`, and stops at the first line that is not whole.
  private func cutBack(to step: Int) throws(TrainingError) {
    let bytes = try file.content()
    var end = 0
    while let newline = bytes[end...].firstIndex(of: 10) {
      let row = try? JSON.parse(String(decoding: bytes[end..<newline], as: UTF8.self))
      guard let rowStep = row?["step"]?.integerValue else {
        // What this program never wrote is not this program's to shorten.
        guard end > 0 else {
          throw .file(
            path: file.path, action: "continue", reason: "its first line is no row of metrics; move it away")
        }
        break
      }
      guard rowStep <= step else { break }
      end = newline + 1
    }
    try file.truncate(to: end)
  }
}
