// Questions that a chain must answer before anyone trades on it.

/// Checks of option chains. Every share is of the quotes in the hours of sessions; findings name contract and minute.
package enum ChainGate {
  /// Above the first share of bad quotes a finding warns, above the second it fails.
  package static let warningShare = 0.001
  package static let failureShare = 0.01

  /// Findings of each chain, in the order of the checks. `bars`: those of the same import, among them the underlying's.
  package static func findings(_ chains: [OptionChain], bars: [BarSeries]) -> [QualityFinding] {
    chains.flatMap { chain in
      let prices = UnderlyingPrices(bars.filter { $0.symbol == chain.underlying })
      var findings = contracts(of: chain) + rows(of: chain) + ChainQuoteCheck.findings(chain)
      findings += ChainVolatilityCheck.findings(chain) + ChainUnderlyingCheck.findings(chain, prices)
      return findings + PricedChecks.findings(chain)
    }
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

  // MARK: Contracts

  static let contractCheck = "chain-contracts"

  private static func contracts(of chain: OptionChain) -> [QualityFinding] {
    let lives = chain.contracts.map { ContractLife($0) }
    var (impossible, behind) = (ChainFindings(chain, contractCheck), ChainFindings(chain, contractCheck))
    for session in chain.sessions where !session.isExtendedHours {
      for number in session.contracts {
        let contract = chain.contracts[Int(number)]
        guard let life = lives[Int(number)] else {
          impossible.add(session.date) { "\(contract), expiry \(contract.expiry)" }
          continue
        }
        // A row of nothing but open interest is none of trading.
        if session.date > life.lastSession, !session.minutes.isEmpty {
          behind.add(session.date) { "\(contract) on \(session.date), last session \(life.lastSession)" }
        }
      }
    }
    var findings: [QualityFinding] = []
    findings += impossible.ifAny(
      "no-such-expiry", .fail, suggestion: "Fetch these contracts again, or leave them out.",
      "\(counted(impossible.count, "contract")) with an expiry on which no contract expires: neither a session, nor a holiday, nor a Saturday before February 2015."
    )
    findings += behind.ifAny(
      "after-last-session", .warn,
      suggestion: "Nobody trades on them: an AM-settled contract trades last the session before.",
      "\(counted(behind.count, "quote row")) of contracts after their last session.")
    let changed = chain.contracts.filter { !$0.isStandard && chain.deliverable(of: $0) == nil }
    if !changed.isEmpty {
      let roots = Set(changed.map(\.root)).sorted()
      findings.append(
        found(changed, in: chain).finding(
          "changed-deliverable", .warn,
          suggestion:
            "They are kept apart from the standard ones, and nobody trades them; say what they deliver, if it is nothing but shares: --deliverable \(roots[0]):\(chain.underlying):UNITS.",
          "\(counted(changed.count, "contract")) whose deliverable a corporate action has changed (\(roots.prefix(8).joined(separator: ", ")))."
        ))
    }
    for deliverable in chain.deliverables {
      let declared = chain.contracts.filter { $0.root == deliverable.root }
      findings.append(
        found(declared, in: chain).finding(
          "declared-deliverable", .warn,
          suggestion: "Compare it with the clearing house's memo: no file says it.",
          "\(counted(declared.count, "contract")) of a changed deliverable, traded as was declared: \(deliverable)."))
    }
    return findings
  }

  /// Contracts of the whole table, the first few by name.
  private static func found(_ contracts: [OptionContract], in chain: OptionChain) -> ChainFindings {
    var found = ChainFindings(chain, contractCheck)
    for contract in contracts { found.add(nil) { "\(contract)" } }
    return found
  }

  // MARK: Rows

  static let rowCheck = "chain-rows"

  private static func rows(of chain: OptionChain) -> [QualityFinding] {
    func found(_ kind: ChainConflict.Kind) -> ChainFindings {
      var found = ChainFindings(chain, rowCheck)
      for conflict in chain.conflicts where conflict.kind == kind {
        found.add(conflict.date) {
          let name = conflict.contract?.description ?? chain.underlying
          let minute = conflict.minute == Int(ChainBuilder.noMinute) ? "" : " minute \(conflict.minute)"
          return "\(name) \(conflict.date)\(minute): \(conflict.first) and \(conflict.second)"
        }
      }
      return found
    }
    var findings: [QualityFinding] = []
    let (quotes, interest, underlying) = (found(.quote), found(.openInterest), found(.underlying))
    findings += quotes.ifAny(
      ChainConflict.Kind.quote.rawValue, .fail,
      suggestion: "Import one of the files, or remove the rows that are wrong.",
      "\(counted(quotes.count, "row")) of a contract and minute that another row says otherwise.")
    let known = chain.sessions.reduce(0) { sum, session in
      sum + session.openInterest.count { $0 != ChainValue.none }
    }
    if interest.count > 0, let severity = severity(interest.count, of: known) {
      findings.append(
        interest.finding(
          ChainConflict.Kind.openInterest.rawValue, severity,
          suggestion: "Open interest is made at night: check the column.",
          "Open interest of a contract changes within a day, \(counted(interest.count, "time")) among \(known)."))
    }
    findings += underlying.ifAny(
      ChainConflict.Kind.underlying.rawValue, .warn, suggestion: "The first of them is kept: check the column.",
      "\(counted(underlying.count, "row")) with another price of the underlying than one before of the same minute.")
    return findings
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
