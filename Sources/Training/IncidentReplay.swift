// What stepping through an incident showed, in lines for a person.

package import Algorithms
private import Text

package struct IncidentReplay: Sendable {
  package let path: String
  package let incident: Incident
  /// The run's texts.
  package let attributes: [String: String]
  package let replay: UpdateReplay

  /// What the file says of itself, the stages as a table, the origin, and how the replayed bits compare.
  package var text: String {
    var lines = [
      "\(path): \(incident.finding)",
      "run \(attributes["run"] ?? "?"), step \(attributes["step"] ?? "?"): \(incident.place)", "",
    ]
    lines += table
    lines.append("")
    lines.append(contentsOf: origin)
    lines.append(contentsOf: comparison)
    return lines.map { PrintableText.of($0) + "\n" }.joined()
  }

  private var table: [String] {
    let names = replay.stages.map(\.name)
    let width = max(5, names.map(\.count).max() ?? 0)
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    func row(_ name: String, _ cells: [String]) -> String {
      name + String(repeating: " ", count: width - name.count) + right(cells[0], 11) + right(cells[1], 16)
        + right(cells[2], 16) + right(cells[3], 12)
    }
    return [row("stage", ["values", "least", "most", "not finite"])]
      + replay.stages.map { stage in
        let isAny = stage.nonFiniteCount < stage.count
        return row(
          stage.name,
          [
            "\(stage.count)", isAny ? "\(Float(stage.least))" : "-", isAny ? "\(Float(stage.most))" : "-",
            stage.nonFiniteCount == 0 ? "-" : "\(stage.nonFiniteCount)",
          ])
      }
  }

  private var origin: [String] {
    guard let origin = replay.origin else { return ["every number is finite"] }
    return [
      "first value that is not finite: \(origin.stage), \(origin.place): \(origin.value)",
      origin.isGiven
        ? "it was so before the update computed anything" : "everything that it is computed from is finite",
    ]
  }

  private var comparison: [String] {
    guard let gradients = replay.gradients else { return [] }
    let kernels =
      replay.kernels.recorded == replay.kernels.here
      ? "the run's kernels (\(replay.kernels.here))"
      : "\(replay.kernels.here), while the run was on \(replay.kernels.recorded)"
    if replay.hasSameBits {
      return ["again on \(kernels): the same bits, \(gradients.count) values of the gradient and all of the loss"]
    }
    let differing = replay.numbers.filter { $0.recorded.bitPattern != $0.found.bitPattern }
      .map { "\($0.name) \($0.found) for \($0.recorded)" }
    return [
      "again on \(kernels): \(gradients.count - gradients.equal) of \(gradients.count) values of the gradient differ"
        + (differing.isEmpty ? "" : ", and " + differing.joined(separator: ", "))
    ]
  }
}
