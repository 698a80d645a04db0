// The flags of a desk that trades under limits.

import Configuration
import Text
import Trading
import Training

enum RiskFlags {
  /// What `--risk` gives: nil where it asks for no limits.
  static func layers(_ arguments: Arguments, _ command: CommandDescription) throws -> RiskProfileLayers? {
    guard arguments.has("risk") else {
      if arguments.has("risk-journal") {
        throw UsageError("--risk-journal belongs to limits: give them with --risk", command: command)
      }
      return nil
    }
    let file = arguments.value("risk") ?? ""
    let layers: RiskProfileLayers
    do throws(ConfigurationError) {
      layers = try RiskProfileLayers(files: file.isEmpty ? [] : [file])
    } catch {
      throw TrainingError.configuration(error)
    }
    if let problem = layers.terms.problem { throw problem }
    return layers
  }

  /// The terms of the one account that a script trades. Throws where its symbols have terms of their own that differ.
  static func terms(_ layers: RiskProfileLayers, of script: DeskScript) throws(RiskError) -> AccountTerms {
    let symbols = Set(script.table.contracts.map(\.underlying)).union(script.wishedUnderlyings).sorted()
    let terms = symbols.map { layers.terms[$0] }
    if let other = terms.firstIndex(where: { $0 != terms.first }) {
      throw .contradiction(
        "\(symbols[0]) and \(symbols[other]) have limits of their own, and a desk is one account: play a script for each, "
          + "or give both the same below 'symbols' of --risk=FILE")
    }
    return terms.first ?? layers.terms.standard
  }

  /// The money of a script's account where a file says it.
  static func dollars(_ layers: RiskProfileLayers, of script: DeskScript) throws(RiskError) -> Int? {
    let symbol = script.table.contracts.first?.underlying ?? script.wishedUnderlyings.first ?? ""
    return layers.saysDollars(of: symbol) ? try terms(layers, of: script).dollars : nil
  }

  /// The journal that `--risk-journal` names, and what an earlier process left in it. Throws before anything is traded where it cannot be kept.
  static func journal(_ arguments: Arguments) throws(RiskError) -> (journal: RiskJournal, record: RiskRecord?)? {
    guard let path = arguments.value("risk-journal") else { return nil }
    return try RiskJournal.open(path)
  }

  static func desk(
    _ profile: RiskProfile, _ settings: DeskSettings, _ kept: (journal: RiskJournal, record: RiskRecord?)?
  ) -> DeskRisk {
    guard let kept else { return DeskRisk(profile, slots: settings.slots, rate: settings.rateAnnual) }
    return DeskRisk(profile, slots: settings.slots, rate: settings.rateAnnual, record: kept.record) {
      (record) throws(RiskError) in try kept.journal.write(record)
    }
  }
}
