// The quotes of a chain that may speak at one moment, by expiry and strike.

package import Pricing

/// One side of a strike: a bid and an ask that can both be true, dollars.
package struct SidedQuote: Sendable, Equatable {
  package var bid, ask: Double
  /// Where in the session's columns it stands.
  package var row: Int

  package var middle: Double { bid + (ask - bid) / 2 }
  package var halfSpread: Double { (ask - bid) / 2 }
}

/// The options of one root and expiry at one moment of a session.
package struct ChainStrikes: Sendable {
  package struct Strike: Sendable, Equatable {
    /// Dollars.
    package var strike: Double
    package var call, put: SidedQuote?
  }

  /// What is quoted and cannot speak, by cause.
  package struct Silent: Sendable, Equatable {
    /// Older than `ChainSurface.freshMinutes`, or nothing at all.
    package var stale = 0
    /// No bid, or no ask.
    package var oneSided = 0
    /// A bid at or above its ask.
    package var crossed = 0
  }

  package let root: String
  package let expiry: CalendarDate
  package let life: ContractLife?
  package let terms: ContractTerms
  /// Ascending, those with a quote that can speak.
  package private(set) var strikes: [Strike] = []
  /// Ascending, dollars: all strikes of the session's contracts, quoted or not.
  package private(set) var listed: [Double] = []
  package private(set) var contracts = 0
  package private(set) var silent = Silent()

  package var usable: Int { strikes.reduce(0) { $0 + ($1.call == nil ? 0 : 1) + ($1.put == nil ? 0 : 1) } }

  init(_ contract: OptionContract) {
    root = contract.root
    expiry = contract.expiry
    life = ContractLife(contract)
    terms = contract.terms
  }

  private mutating func add(_ contract: OptionContract, bid: Int32, ask: Int32, row: Int) {
    contracts += 1
    if listed.last != contract.strike { listed.append(contract.strike) }
    guard bid != ChainValue.none || ask != ChainValue.none else {
      silent.stale += 1
      return
    }
    guard bid > 0, ask > 0 else {
      silent.oneSided += 1
      return
    }
    guard bid < ask, let low = ChainValue.dollars(bid), let high = ChainValue.dollars(ask) else {
      silent.crossed += 1
      return
    }
    // Strikes come in order, a call before its put.
    if strikes.last?.strike != contract.strike { strikes.append(Strike(strike: contract.strike)) }
    let quote = SidedQuote(bid: low, ask: high, row: row)
    if contract.right == .call {
      strikes[strikes.count - 1].call = quote
    } else {
      strikes[strikes.count - 1].put = quote
    }
  }

  /// The pairs of one strike.
  package var pairs: [ParityPair] {
    strikes.compactMap { one in
      guard let call = one.call, let put = one.put else { return nil }
      return ParityPair(
        strike: one.strike, difference: call.middle - put.middle, halfSpread: call.halfSpread + put.halfSpread,
        straddle: call.middle + put.middle)
    }
  }

  /// Those of every root and expiry whose deliverable is the standard one, of the quotes in the `fresh` last minutes before a moment, the latest of each
  /// contract. `minute`: of the session, counted from its open; quotes of a minute are known at its end.
  static func all(_ chain: OptionChain, _ session: ChainSession, at minute: Int, fresh: Int) -> [ChainStrikes] {
    let blocks = session.minutes.indices.filter {
      let end = Int(session.minutes[$0]) + 1
      return end <= minute && end >= minute - fresh
    }
    let (bids, asks) = (session.columns[ChainColumn.bid.rawValue], session.columns[ChainColumn.ask.rawValue])
    guard !bids.isEmpty, !asks.isEmpty else { return [] }
    var found: [ChainStrikes] = []
    /// The series of the expiry in hand: roots stand side by side there.
    var here: [Int] = []
    for slot in session.contracts.indices {
      let contract = chain.contracts[Int(session.contracts[slot])]
      if let last = here.last, found[last].expiry != contract.expiry { here.removeAll(keepingCapacity: true) }
      let place: Int
      if let known = here.first(where: { found[$0].root == contract.root }) {
        place = known
      } else {
        place = found.count
        here.append(place)
        found.append(ChainStrikes(contract))
      }
      let row = blocks.last { block in
        let row = block * session.contracts.count + slot
        return bids[row] != ChainValue.none || asks[row] != ChainValue.none
      }.map { $0 * session.contracts.count + slot }
      found[place].add(
        contract, bid: row.map { bids[$0] } ?? ChainValue.none, ask: row.map { asks[$0] } ?? ChainValue.none,
        row: row ?? 0)
    }
    return found.filter(\.terms.isStandard)
  }
}
