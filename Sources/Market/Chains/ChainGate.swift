// Questions that a chain must answer before anyone trades on it.

/// A question of a chain that sees one session after the other, and then says what it found.
protocol ChainCheck {
  mutating func examine(_ session: ChainSession)
  var findings: [QualityFinding] { get }
}

extension ChainCheck {
  /// What is found in all sessions of a chain.
  func findings(in chain: OptionChain) -> [QualityFinding] {
    var check = self
    for session in chain.sessions { check.examine(session) }
    return check.findings
  }
}

/// Checks of an option chain. Every share is of the quotes in the hours of sessions; findings name contract and minute.
package struct ChainGate: ChainCheck {
  /// Above the first share of bad quotes a finding warns, above the second it fails.
  package static let warningShare = 0.001
  package static let failureShare = 0.01

  /// In the order in which they report.
  private var checks: [any ChainCheck]

  /// `chain`: what is known of it beside its sessions, which come one after the other, in their order. `bars`: those of the same import, among them the
  /// underlying's.
  package init(_ chain: OptionChain, bars: [BarSeries]) {
    let prices = UnderlyingPrices(bars.filter { $0.symbol == chain.underlying })
    checks = [
      ChainContractCheck(chain), ChainRowCheck(chain), ChainQuoteCheck(chain), ChainVolatilityCheck(chain),
      ChainUnderlyingCheck(chain, prices), PricedChecks(chain),
    ]
  }

  package mutating func examine(_ session: ChainSession) {
    for place in checks.indices { checks[place].examine(session) }
  }

  package var findings: [QualityFinding] { checks.flatMap(\.findings) }

  /// Findings of each chain.
  package static func findings(_ chains: [OptionChain], bars: [BarSeries]) -> [QualityFinding] {
    chains.flatMap { ChainGate($0, bars: bars).findings(in: $0) }
  }

  static func severity(_ bad: Int, of all: Int) -> QualityFinding.Severity? {
    guard all > 0 else { return nil }
    let share = Double(bad) / Double(all)
    return share > failureShare ? .fail : share > warningShare ? .warn : nil
  }

  static func percent(_ part: Int, of all: Int) -> String {
    let hundredths = all == 0 ? 0 : (Double(part) / Double(all) * 10_000).rounded()
    return "\(hundredths / 100) %"
  }
}

/// A finding that grows: how many, from when to when, and the first few.
struct ChainFindings {
  private let symbol: String
  private let check: String
  var count = 0
  private var first: CalendarDate?
  private var last: CalendarDate?
  private var samples: [String] = []

  init(_ chain: OptionChain, _ check: String) { (symbol, self.check) = (chain.underlying, check) }

  /// `date`: nil of what is of no date.
  mutating func add(_ date: CalendarDate?, _ sample: () -> String) {
    count += 1
    if let date {
      first = min(first ?? date, date)
      last = max(last ?? date, date)
    }
    if samples.count < QualityFinding.sampleLimit { samples.append(sample()) }
  }

  /// None where nothing was found.
  func ifAny(
    _ kind: String, _ severity: QualityFinding.Severity, suggestion: String, _ message: String
  ) -> [QualityFinding] {
    count > 0 ? [finding(kind, severity, suggestion: suggestion, message)] : []
  }

  func finding(
    _ kind: String, _ severity: QualityFinding.Severity, suggestion: String, _ message: String
  ) -> QualityFinding {
    QualityFinding(
      check: check, kind: kind, severity: severity, symbol: symbol, firstDate: first, lastDate: last, count: count,
      samples: samples, suggestion: suggestion, message: message)
  }
}
