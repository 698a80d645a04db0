// Incidents as files: what a run wrote down before it stopped, or warned.

private import AgentInterface
package import Algorithms
import Inference
package import Storage
private import Text

package enum IncidentFile {
  private static let factsAttribute = "facts"

  /// One that ends a run is named by its step alone; it can only be one.
  static func name(_ incident: Incident, step: Int) -> String {
    "incident-\(step)" + (incident.response == .stop ? "" : "-\(incident.condition.rawValue)") + ".h5"
  }

  /// Writes one file, whole or not at all, over what a run wrote there that came the same way before.
  package static func write(
    _ incident: Incident, attributes: [String: String], to path: String, in folder: HeldFolder? = nil
  ) throws(StorageError) {
    try AtomicWrite.write(file(incident, attributes: attributes).encoded(path: path), to: path, in: folder)
  }

  package static func file(_ incident: Incident, attributes: [String: String]) -> RolloutFile {
    var columns: [String: RolloutFile.Column] = [:]
    for (name, values) in incident.record.floats {
      columns[name] = .init(.floats(values), width: incident.widths[name])
    }
    for (name, values) in incident.record.doubles { columns[name] = .init(.doubles(values)) }
    for (name, values) in incident.record.integers { columns[name] = .init(.integers(values)) }
    let own = [
      "condition": incident.condition.rawValue, "response": incident.response.rawValue,
      "subject": incident.subject.rawValue, "finding": incident.finding, "place": incident.place,
      factsAttribute: JSON.object(incident.facts).text,
    ]
    return RolloutFile(attributes: attributes.merging(own) { $1 }, columns: columns, content: .incident)
  }

  /// A file's incident with the texts of the run that met it.
  package static func read(_ path: String) throws(TrainingError) -> (incident: Incident, attributes: [String: String]) {
    let file: RolloutFile
    do {
      file = try RolloutFile.read(path, content: .incident)
    } catch {
      throw .storage(error)
    }
    func text(_ name: String) throws(TrainingError) -> String {
      guard let text = file.attributes[name] else { throw .restore(path: path, .missing(name)) }
      return text
    }
    func unknown(_ name: String) -> TrainingError {
      .restore(path: path, .invalid(name: name, reason: "'\(file.attributes[name] ?? "")' is unknown"))
    }
    guard let condition = HealthCondition(rawValue: try text("condition")) else { throw unknown("condition") }
    guard let response = HealthResponse(rawValue: try text("response")) else { throw unknown("response") }
    guard let subject = Incident.Subject(rawValue: try text("subject")) else { throw unknown("subject") }
    guard let facts = (try? JSON.parse(try text(factsAttribute)))?.objectValue else {
      throw .restore(path: path, .invalid(name: factsAttribute, reason: "it is no JSON object"))
    }
    var record = StateRecord()
    for (name, column) in file.columns {
      switch column.values {
      case .floats(let values): record.floats[name] = values
      case .doubles(let values): record.doubles[name] = values
      case .integers(let values): record.integers[name] = values
      case .bytes: throw .restore(path: path, .invalid(name: name, reason: "it holds bytes"))
      }
    }
    let incident = Incident(
      condition: condition, response: response, subject: subject, finding: try text("finding"),
      place: try text("place"), stepsOfRollout: nil, facts: facts, record: record, widths: [:])
    return (incident, file.attributes)
  }

  /// Steps through an incident's file. Throws one sentence that names it where it is damaged or none of a run's.
  package static func replay(_ path: String, families: Families) throws(TrainingError) -> IncidentReplay {
    try ProcessLimits.requireProducts()
    let (incident, attributes) = try read(path)
    let spaces = attributes[RunState.spacesAttribute].flatMap { try? JSON.parse($0) }
    let columns = spaces.flatMap { try? ObservationSpace(json: $0["columns"] ?? .null) }
    do {
      return IncidentReplay(
        path: path, incident: incident, attributes: attributes,
        replay: try UpdateReplay(
          incident, columns: columns?.columns.map(\.name) ?? [], among: families.algorithms, devices: families.devices))
    } catch {
      throw .restore(path: path, error)
    }
  }
}
