// The flags of a desk that trades under limits.

import Configuration
import Text
import Trading
import Training

enum RiskFlags {
  /// The risk manager that `--risk` and `--risk-journal` ask for; nil where they ask for none. Throws before anything is traded where its profile contradicts
  /// itself or its journal cannot be kept. The limits are those of the script's symbol, and so is the money where a file says it and no flag does.
  static func desk(
    _ arguments: Arguments, _ settings: inout DeskSettings, _ script: DeskScript, _ command: CommandDescription
  ) throws -> DeskRisk? {
    guard arguments.has("risk") else {
      if arguments.has("risk-journal") {
        throw UsageError("--risk-journal belongs to limits: give them with --risk", command: command)
      }
      return nil
    }
    let layers: RiskProfileLayers
    do throws(ConfigurationError) {
      let file = arguments.value("risk") ?? ""
      layers = try RiskProfileLayers(files: file.isEmpty ? [] : [file])
    } catch {
      throw TrainingError.configuration(error)
    }
    if let problem = layers.terms.problem { throw problem }
    let symbols = Set(script.table.contracts.map(\.underlying)).sorted()
    let terms = symbols.map { layers.terms[$0] }
    if let other = terms.firstIndex(where: { $0 != terms.first }) {
      throw RiskError.contradiction(
        "\(symbols[0]) and \(symbols[other]) have limits of their own, and a desk is one account: play a script for each, "
          + "or give both the same below 'symbols' of --risk=FILE")
    }
    let profile = terms.first?.profile ?? layers.profile
    if let first = terms.first, !arguments.has("cash"), layers.saysDollars(of: symbols[0]) {
      settings.cashDollars = Int64(first.dollars)
    }
    guard let path = arguments.value("risk-journal") else {
      return DeskRisk(profile, slots: settings.slots, rate: settings.rateAnnual)
    }
    let (journal, record) = try RiskJournal.open(path)
    return DeskRisk(profile, slots: settings.slots, rate: settings.rateAnnual, record: record) {
      (record) throws(RiskError) in try journal.write(record)
    }
  }
}
