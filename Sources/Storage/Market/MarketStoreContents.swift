// All of a market store at once.

package import Market

/// All that a market store holds.
package struct MarketStoreContents: Sendable, Equatable {
  /// The file it was read from, for messages.
  package var path: String
  package var series: [BarSeries]
  /// Bars of minutes before the opening and after the close, which the gate is not asked about and nobody trades.
  package var extendedHours: [BarSeries] = []
  package var chains: [OptionChain] = []
  /// One entry for each source file.
  package var provenance: [ImportProvenance]
  /// What the gate said, or nil if it was not asked.
  package var qualityReport: QualityReport?
  /// The content hash of the numbers that the gate was asked about.
  package var qualityContentHash: String?
  /// The content hash of all series.
  package var contentHash: String
  /// When the file was made, UTC.
  package var created: String
  /// The schema in which they lay in their file.
  package var schemaVersion = MarketStore.schemaVersion

  /// Throws `StorageError.gateRefused` unless the current gate has passed exactly these numbers.
  package func requirePassingGate() throws(StorageError) {
    try QualityRecord.requirePassing(
      qualityReport, recordedHash: qualityContentHash,
      dataHash: MarketStore.contentHash(
        MarketStore.contentHash(series, extendedHours: extendedHours), chains: chains.map { ChainEntry($0) }),
      path: path)
  }
}

extension QualityRecord {
  /// Throws `StorageError.gateRefused` unless a report of this gate, or an older one, passed content of exactly that hash.
  static func requirePassing(
    _ report: QualityReport?, recordedHash: String?, dataHash: String, path: String
  ) throws(StorageError) {
    func refuse(_ refusal: GateRefusal) -> StorageError { .gateRefused(path: path, refusal: refusal) }
    guard let report, let recordedHash else { throw refuse(.noRecord) }
    guard recordedHash == dataHash else { throw refuse(.otherData(recordedHash: recordedHash, dataHash: dataHash)) }
    // Whoever makes a tape of older bars examines them anew.
    guard (1...QualityGate.version).contains(report.gateVersion) else {
      throw refuse(.otherGateVersion(found: report.gateVersion, current: QualityGate.version))
    }
    let failing = report.findings.filter { $0.severity == .fail }.map(\.check)
    guard report.passed, failing.isEmpty else { throw refuse(.failed(checks: Set(failing).sorted())) }
  }
}
