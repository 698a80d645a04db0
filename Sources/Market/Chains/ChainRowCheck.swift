// Do the rows that a chain was made of contradict each other?

struct ChainRowCheck: ChainCheck {
  static let identifier = "chain-rows"

  private let chain: OptionChain
  /// Values of open interest.
  private var known = 0

  init(_ chain: OptionChain) { self.chain = chain.head }

  mutating func examine(_ session: ChainSession) { known += session.openInterest.count { $0 != ChainValue.none } }

  var findings: [QualityFinding] {
    func found(_ kind: ChainConflict.Kind) -> ChainFindings {
      var found = ChainFindings(chain, ChainRowCheck.identifier)
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
    if interest.count > 0, let severity = ChainGate.severity(interest.count, of: known) {
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
