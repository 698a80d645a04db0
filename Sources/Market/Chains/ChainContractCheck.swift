// Are a chain's contracts such as an exchange lists, and are they quoted while they live?

struct ChainContractCheck: ChainCheck {
  static let identifier = "chain-contracts"

  private let chain: OptionChain
  private let lives: [ContractLife?]
  private var impossible, behind: ChainFindings

  init(_ chain: OptionChain) {
    self.chain = chain.head
    lives = chain.contracts.map { ContractLife($0) }
    impossible = ChainFindings(chain, ChainContractCheck.identifier)
    behind = ChainFindings(chain, ChainContractCheck.identifier)
  }

  mutating func examine(_ session: ChainSession) {
    guard !session.isExtendedHours else { return }
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

  var findings: [QualityFinding] {
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
        found(changed).finding(
          "changed-deliverable", .warn,
          suggestion:
            "They are kept apart from the standard ones, and nobody trades them; say what they deliver, if it is nothing but shares: --deliverable \(roots[0]):\(chain.underlying):UNITS.",
          "\(counted(changed.count, "contract")) whose deliverable a corporate action has changed (\(roots.prefix(8).joined(separator: ", ")))."
        ))
    }
    for deliverable in chain.deliverables {
      let declared = chain.contracts.filter { $0.root == deliverable.root }
      findings.append(
        found(declared).finding(
          "declared-deliverable", .warn,
          suggestion: "Compare it with the clearing house's memo: no file says it.",
          "\(counted(declared.count, "contract")) of a changed deliverable, traded as was declared: \(deliverable)."))
    }
    return findings
  }

  /// Contracts of the whole table, the first few by name.
  private func found(_ contracts: [OptionContract]) -> ChainFindings {
    var found = ChainFindings(chain, ChainContractCheck.identifier)
    for contract in contracts { found.add(nil) { "\(contract)" } }
    return found
  }
}
