// Are the quotes of a chain prices at which two people could have met: no negative ones, few crossed ones, none cleared after hours, and in order of the strike?

struct ChainQuoteCheck: ChainCheck {
  static let identifier = "chain-quotes"

  private let chain: OptionChain
  private var negative, crossed, locked, cleared, order: ChainFindings
  private var (twoSided, neighbours) = (0, 0)

  init(_ chain: OptionChain) {
    self.chain = chain.head
    let none = ChainFindings(chain, ChainQuoteCheck.identifier)
    (negative, crossed, locked, cleared, order) = (none, none, none, none, none)
  }

  mutating func examine(_ session: ChainSession) {
    guard !session.isExtendedHours, session.has(.bid), session.has(.ask) else { return }
    let chain = chain
    let series = ChainSeries(session, chain)
    let (bids, asks) = (session.columns[ChainColumn.bid.rawValue], session.columns[ChainColumn.ask.rawValue])
    func text(_ row: Int) -> String {
      let (block, slot) = row.quotientAndRemainder(dividingBy: session.contracts.count)
      let quote = session.quote(row: row)
      return "\(chain.contracts[Int(session.contracts[slot])]) \(session.date) minute \(session.minutes[block]): bid "
        + "\(quote.bidDollars.map { "\($0)" } ?? "-") ask \(quote.askDollars.map { "\($0)" } ?? "-")"
    }
    var lastRow = [Int](repeating: -1, count: series.count)
    for block in session.minutes.indices {
      var (quoted, zero) = (0, 0)
      for series in lastRow.indices { lastRow[series] = -1 }
      for slot in session.contracts.indices {
        let row = block * session.contracts.count + slot
        let (bid, ask) = (bids[row], asks[row])
        guard bid != ChainValue.none || ask != ChainValue.none else { continue }
        quoted += 1
        if bid == 0, ask == 0 { zero += 1 }
        if bid < 0 && bid != ChainValue.none || ask < 0 && ask != ChainValue.none {
          negative.add(session.date) { text(row) }
        }
        guard bid > 0, ask > 0 else { continue }
        twoSided += 1
        if bid > ask { crossed.add(session.date) { text(row) } }
        if bid == ask { locked.add(session.date) { text(row) } }
        guard bid <= ask else { continue }
        // A call costs no more than one of a lower strike, a put no less: no bid of the cheaper stands above the ask of the dearer.
        let place = series.of[slot]
        if lastRow[place] >= 0 {
          neighbours += 1
          let other = lastRow[place]
          let isCall = chain.contracts[Int(session.contracts[slot])].right == .call
          if isCall ? bid > asks[other] : bids[other] > ask {
            order.add(session.date) { text(other) + "; " + text(row) }
          }
        }
        lastRow[place] = row
      }
      if quoted >= 10, zero * 2 > quoted {
        cleared.add(session.date) {
          "\(session.date) minute \(session.minutes[block]): \(zero) of \(quoted) quotes are 0 on both sides"
        }
      }
    }
  }

  var findings: [QualityFinding] {
    var findings: [QualityFinding] = []
    findings += negative.ifAny(
      "negative-quote", .fail, suggestion: "Fetch these rows again; check the columns.",
      "\(counted(negative.count, "quote")) with a price below 0.")
    findings += cleared.ifAny(
      "cleared-quotes", .fail, suggestion: "Fetch the chain while the exchange is open.",
      "Most bids and asks are 0 in \(counted(cleared.count, "minute")): the vendor clears them outside of trading hours, and volatilities made of them mean nothing."
    )
    func share(_ found: ChainFindings, _ kind: String, _ what: String, canFail: Bool) {
      guard let severity = ChainGate.severity(found.count, of: twoSided) else { return }
      findings.append(
        found.finding(
          kind, canFail ? severity : .warn,
          suggestion:
            "Nobody trades on such a quote; where they are many, the feed's two sides are of different times.",
          "\(found.count) of \(twoSided) quotes with two sides are \(what) (\(ChainGate.percent(found.count, of: twoSided)))."
        ))
    }
    share(crossed, "crossed-quotes", "crossed", canFail: true)
    share(locked, "locked-quotes", "locked", canFail: false)
    if let severity = ChainGate.severity(order.count, of: neighbours) {
      findings.append(
        order.finding(
          "strike-order", severity,
          suggestion: "Check whether strikes or rights are mixed up; single ones are stale quotes.",
          "\(order.count) of \(neighbours) neighbouring strikes are quoted against each other's order beyond their spreads (\(ChainGate.percent(order.count, of: neighbours)))."
        ))
    }
    return findings
  }
}

/// Which contracts of a session are neighbours: those of one expiry, right and root.
struct ChainSeries {
  /// By slot.
  let of: [Int]
  let count: Int

  private struct Key: Hashable {
    var expiry: CalendarDate
    var right: OptionSymbol.Right
    var root: String
  }

  init(_ session: ChainSession, _ chain: OptionChain) {
    var numbers: [Key: Int] = [:]
    of = session.contracts.map { number in
      let contract = chain.contracts[Int(number)]
      let key = Key(expiry: contract.expiry, right: contract.right, root: contract.root)
      let next = numbers.count
      return numbers[key, default: next, settingDefault: next]
    }
    count = numbers.count
  }
}

extension Dictionary {
  /// The value of a key, which is set where there is none.
  fileprivate subscript(key: Key, default value: Value, settingDefault set: Value) -> Value {
    mutating get {
      if let found = self[key] { return found }
      self[key] = set
      return value
    }
  }
}
