// The flags of a desk that trades under limits.

import Configuration
import Text
import Trading
import Training

enum RiskFlags {
  /// The risk manager that `--risk` and `--risk-journal` ask for; nil where they ask for none. Throws before anything is traded where its profile contradicts
  /// itself or its journal cannot be kept.
  static func desk(
    _ arguments: Arguments, _ settings: DeskSettings, _ command: CommandDescription
  ) throws -> DeskRisk? {
    guard arguments.has("risk") else {
      if arguments.has("risk-journal") {
        throw UsageError("--risk-journal belongs to limits: give them with --risk", command: command)
      }
      return nil
    }
    let profile: RiskProfile
    do throws(ConfigurationError) {
      let file = arguments.value("risk") ?? ""
      profile = try RiskProfileLayers(files: file.isEmpty ? [] : [file]).profile
    } catch {
      throw TrainingError.configuration(error)
    }
    if let problem = profile.problem { throw problem }
    guard let path = arguments.value("risk-journal") else {
      return DeskRisk(profile, slots: settings.slots, rate: settings.rateAnnual)
    }
    let (journal, record) = try RiskJournal.open(path)
    return DeskRisk(profile, slots: settings.slots, rate: settings.rateAnnual, record: record) {
      (record) throws(RiskError) in try journal.write(record)
    }
  }
}
