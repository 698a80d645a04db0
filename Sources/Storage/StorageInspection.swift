// What a file of this room holds, as lines for a person.

import AgentInterface
import Market
import Text

/// Named lines about a market store, a checkpoint, recorded rollouts or an incident. The file is read and checked as a whole, so that what is shown is what was written.
package enum StorageInspection {
  package enum Kind: Sendable, Equatable {
    case marketStore, checkpoint, rollouts, incident, volatilityHistory, fittedSurfaces
  }

  /// What the first bytes of a file say it is; nil for anything that this room did not write.
  package static func kind(_ path: String) throws(StorageError) -> Kind? {
    switch SealedFile.kind(of: try FileSystem.beginning(of: path, bytes: 16).bytes) {
    case .marketStore: .marketStore
    case .checkpoint: .checkpoint
    case .rollouts: .rollouts
    case .incident: .incident
    case .volatilityHistory: .volatilityHistory
    case .fittedSurfaces: .fittedSurfaces
    case nil: nil
    }
  }

  /// Name and value of each line, in the order in which they are to be shown.
  package static func describe(_ path: String) throws(StorageError) -> [(String, String)] {
    try lines(ofFile: path).map { (PrintableText.of($0.0), PrintableText.of($0.1, longest: longestValue)) }
  }

  /// A group of many vectors has a long line.
  private static let longestValue = 100_000

  private static func lines(ofFile path: String) throws(StorageError) -> [(String, String)] {
    let beginning = try FileSystem.beginning(of: path, bytes: 16).bytes
    guard let kind = SealedFile.kind(of: beginning) else {
      throw .notRecognised(
        path: path,
        expected:
          "a market store, a checkpoint, recorded rollouts, an incident, a history of implied volatility or fitted surfaces",
        found: SealedFile.beginning(of: beginning))
    }
    switch kind {
    case .marketStore:
      let file = try MarketStoreFile(path)
      return lines(try file.contents(), byteCount: file.byteCount)
    case .checkpoint:
      let bytes = try SealedFile.read(path, kind)
      return lines(try Checkpoint(decoding: bytes, path: path), byteCount: bytes.count)
    case .rollouts, .incident:
      let bytes = try SealedFile.read(path, kind)
      let content: RolloutFile.Content = kind == .rollouts ? .rollouts : .incident
      return lines(try RolloutFile(decoding: bytes, path: path, content: content), byteCount: bytes.count)
    case .volatilityHistory:
      let bytes = try SealedFile.read(path, kind)
      return lines(try VolatilityHistoryFile.decode(bytes, path: path), byteCount: bytes.count)
    case .fittedSurfaces:
      let bytes = try SealedFile.read(path, kind)
      return lines(try FittedSurfaceFile.decode(bytes, path: path), byteCount: bytes.count)
    }
  }

  private static func lines(_ store: MarketStoreContents, byteCount: Int) -> [(String, String)] {
    var lines = [
      ("kind", "market store, schema \(store.schemaVersion)"), ("size", "\(byteCount) bytes, digest verified"),
      ("created", store.created), ("content hash", store.contentHash),
    ]
    let symbols = (store.series + store.extendedHours).map(\.symbol)
    let synthetic = Set(store.provenance.syntheticSymbols(among: symbols))
    lines += store.series.map { line($0, hours: "", isSynthetic: synthetic.contains($0.symbol)) }
    lines += store.extendedHours.map {
      line($0, hours: ", extended hours", isSynthetic: synthetic.contains($0.symbol))
    }
    lines += store.chains.map { ("chain \($0.underlying)", ChainUnderstanding.words(ShelvedChain($0))) }
    for source in store.provenance {
      lines.append(
        (
          "source \(source.sourceName)",
          "layout \(source.layout), \(source.rows) rows, \(source.symbols.joined(separator: ", ")), "
            + "importer \(source.importerVersion), sha256 \(source.sourceSHA256)"
        ))
    }
    do throws(StorageError) {
      try store.requirePassingGate()
      lines.append(
        (
          "quality gate",
          "passed (gate version \(store.qualityReport?.gateVersion ?? QualityGate.version)) for exactly this content"
        ))
    } catch {
      lines.append(("quality gate", refusal(error)))
    }
    if let report = store.qualityReport {
      for finding in report.findings {
        let subject = finding.symbol.isEmpty ? "all symbols" : finding.symbol
        lines.append(("finding (\(finding.severity.rawValue))", "\(finding.check), \(subject): \(finding.message)"))
      }
      for allowance in report.allowances { lines.append(("allowed \(allowance.name)", allowance.reason)) }
      for allowance in report.unusedAllowances { lines.append(("allowance without use", allowance.name)) }
    }
    return lines
  }

  private static func line(_ series: BarSeries, hours: String, isSynthetic: Bool) -> (String, String) {
    let range = series.dates.first.flatMap { first in series.dates.last.map { "\(first) to \($0)" } } ?? "no dates"
    let extra = series.extra.isEmpty ? "" : ", with " + series.extra.map(\.name).joined(separator: ", ")
    return (
      (series.instrument == .index ? "index" : "series") + " \(series.symbol)",
      "\(series.count) \(series.width == .minute ? "minute " : "")bars, \(range)\(hours)\(extra)"
        + (series.actions.isEmpty
          ? ""
          : series.actions.count == 1
            ? ", a split or payment known by its date"
            : ", \(series.actions.count) splits and payments known by their dates")
        + (series.filledRows.isEmpty ? "" : ", \(series.filledRows.count) of them filled in, not to be traded in")
        + (series.instrument.isTradable ? "" : ", not tradable") + (isSynthetic ? ", SYNTHETIC" : "")
    )
  }

  private static func refusal(_ error: StorageError) -> String {
    if case .gateRefused(_, let refusal) = error { return "not usable for training: \(refusal)" }
    return error.description
  }

  private static func lines(_ checkpoint: Checkpoint, byteCount: Int) -> [(String, String)] {
    var lines = [
      ("kind", "checkpoint, schema \(Checkpoint.schemaVersion)"), ("size", "\(byteCount) bytes, digest verified"),
    ]
    for (name, text) in checkpoint.attributes.sorted(by: { $0.key < $1.key }) { lines.append((name, shortened(text))) }
    for (name, record) in checkpoint.groups.sorted(by: { $0.key < $1.key }) {
      var vectors: [(name: String, words: String)] = []
      for (vector, values) in record.floats { vectors.append((vector, "\(vector) (\(values.count) f32)")) }
      for (vector, values) in record.doubles { vectors.append((vector, "\(vector) (\(values.count) f64)")) }
      for (vector, values) in record.integers { vectors.append((vector, "\(vector) (\(values.count) i64)")) }
      vectors.sort { $0.name < $1.name }
      lines.append(
        ("group \(name)", vectors.isEmpty ? "empty" : vectors.map(\.words).joined(separator: ", ")))
    }
    return lines
  }

  private static func lines(_ file: RolloutFile, byteCount: Int) -> [(String, String)] {
    var lines = [
      (
        "kind",
        "\(file.content == .rollouts ? "recorded rollouts" : "recorded incident"), schema \(RolloutFile.schemaVersion)"
      ),
      ("size", "\(byteCount) bytes, digest verified"),
    ]
    for (name, text) in file.attributes.sorted(by: { $0.key < $1.key }) { lines.append((name, shortened(text))) }
    for (name, column) in file.columns.sorted(by: { $0.key < $1.key }) { lines.append((name, column.words)) }
    return lines
  }

  private static func lines(_ file: VolatilityHistoryFile, byteCount: Int) -> [(String, String)] {
    let days = file.history.days
    let span = days.first.flatMap { first in days.last.map { "\(first.date) to \($0.date)" } } ?? "no session"
    return [
      ("kind", "history of implied volatility, schema \(RolloutFile.schemaVersion)"),
      ("size", "\(byteCount) bytes, digest verified"), ("symbol", file.history.symbol),
      (
        "source",
        file.history.source == .chain
          ? "chain of \(file.madeOf)" : "SYNTHETIC '\(file.history.source.rawValue)', of \(file.madeOf)"
      ),
      (
        "volatilities",
        "\(days.count) session\(days.count == 1 ? "" : "s"), \(span); at the money, \(VolatilityHistory.calendarDays) calendar days"
      ),
      ("content hash", file.contentHash),
    ]
  }

  private static func lines(_ file: FittedSurfaceFile, byteCount: Int) -> [(String, String)] {
    let summary = file.summary
    let span = file.sessions.first.flatMap { first in file.sessions.last.map { "\(first.date) to \($0.date)" } }
    return [
      ("kind", "fitted surfaces, schema \(RolloutFile.schemaVersion)"), ("size", "\(byteCount) bytes, digest verified"),
      ("symbol", file.symbol), ("rate", file.givenRate.map { "\($0), as given" } ?? "by put-call parity"),
      ("sessions", "\(file.sessions.count), \(span ?? "none")"), ("moments", "\(file.surfaces.count)"),
      (
        "smiles",
        "\(summary.smiles) of \(summary.expiries) expiries, \(summary.betweenQuotes) of them between quotes, \(summary.mended) cut or flattened, \(summary.raised) raised"
      ),
      ("fit", "\(summary.inside) of \(summary.quotes) quotes have the smile's price in their spread"),
      ("contract digest", file.contractDigest),
    ]
  }

  /// Long texts are configurations and specs, which have a file of their own in the run folder.
  private static func shortened(_ text: String) -> String {
    let limit = 100
    guard text.count > limit else { return text }
    return text.prefix(limit) + "... (\(text.utf8.count) bytes)"
  }
}
