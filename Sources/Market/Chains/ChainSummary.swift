// A chain in numbers, for whoever wants to know whether it can be traded.

/// What some minutes of a session's quotes amount to.
package struct ChainSummary: Sendable, Equatable {
  /// The contracts of one root that expire on one date.
  package struct Expiry: Sendable, Equatable {
    package var root: String
    package var expiry: CalendarDate
    /// nil for a date on which no contract expires.
    package var life: ContractLife?
    package var isStandard: Bool
    /// What was declared of it where it is not.
    package var deliverable: DeclaredDeliverable?
    package var strikes = 0
    package var calls = 0
    package var puts = 0
    /// Quotes in all the minutes, those with two sides, and among these those that are crossed.
    package var quotes = 0
    package var twoSided = 0
    package var crossed = 0
    /// Contracts; nil where the vendor does not say it.
    package var openInterest: Int?
  }

  /// Quotes with two sides, not crossed, of strikes between two multiples of the underlying's price.
  package struct Band: Sendable, Equatable {
    package var moneyness: Range<Double>
    package var quotes: Int
    /// Dollars; not-a-number where there is no quote.
    package var medianSpread: Double
    /// As a share of the quote's middle.
    package var medianRelativeSpread: Double
    /// Between which the middle half of those shares lies.
    package var lowerQuartile: Double
    package var upperQuartile: Double

    init(moneyness: Range<Double>, _ spreads: [(dollars: Double, relative: Double)]) {
      func part(_ sorted: [Double], _ share: Double) -> Double {
        sorted.isEmpty ? .nan : sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
      }
      let (dollars, relative) = (spreads.map(\.dollars).sorted(), spreads.map(\.relative).sorted())
      self.moneyness = moneyness
      quotes = spreads.count
      medianSpread = part(dollars, 0.5)
      medianRelativeSpread = part(relative, 0.5)
      (lowerQuartile, upperQuartile) = (part(relative, 0.25), part(relative, 0.75))
    }
  }

  /// Where the underlying's price is from.
  package enum PriceSource: String, Sendable {
    case vendor = "the vendor's column"
    case parity = "puts and calls of one strike"
  }

  package var expiries: [Expiry] = []

  /// What is to be said of contracts that a corporate action has changed, a line each.
  package var deliverableNotes: [String] {
    let others = expiries.filter { !$0.isStandard }
    let declared = Set(others.compactMap(\.deliverable)).sorted { $0.root < $1.root }
    let isAnyUnknown = others.contains { $0.deliverable == nil }
    return (isAnyUnknown ? ["* a deliverable that a corporate action has changed: nobody trades it"] : [])
      + declared.map { "* a changed deliverable; as declared, \($0)" }
  }

  package var bands: [Band] = []
  /// Dollars, of the last of the minutes that has one.
  package var underlying: Double?
  package var priceSource: PriceSource?
  package var quotes = 0
  package var twoSided = 0
  /// Whether bids and asks are there at all.
  package var hasQuotes: Bool

  private static let edges = [0, 0.8, 0.9, 0.97, 1.03, 1.1, 1.2, .infinity]

  /// `blocks`: of the session's minutes, those that are asked about.
  package init(_ chain: OptionChain, _ session: ChainSession, blocks: some Sequence<Int>) {
    hasQuotes = session.has(.bid) && session.has(.ask)
    var places: [Int] = []
    var strikes: [Set<Int32>] = []
    for (slot, number) in session.contracts.enumerated() {
      let contract = chain.contracts[Int(number)]
      var place = expiries.lastIndex { $0.expiry == contract.expiry && $0.root == contract.root } ?? expiries.count
      if place == expiries.count {
        place = expiries.count
        expiries.append(
          Expiry(
            root: contract.root, expiry: contract.expiry, life: ContractLife(contract),
            isStandard: contract.isStandard, deliverable: chain.deliverable(of: contract)))
        strikes.append([])
      }
      places.append(place)
      strikes[place].insert(contract.strikeThousandths)
      if contract.right == .call { expiries[place].calls += 1 } else { expiries[place].puts += 1 }
      if !session.openInterest.isEmpty, session.openInterest[slot] != ChainValue.none {
        expiries[place].openInterest = (expiries[place].openInterest ?? 0) + Int(session.openInterest[slot])
      }
    }
    for place in expiries.indices { expiries[place].strikes = strikes[place].count }
    var spreads = [[(dollars: Double, relative: Double)]](repeating: [], count: ChainSummary.edges.count - 1)
    for block in blocks {
      let told =
        session.underlying.isEmpty ? nil : ChainValue.dollars(session.underlying[block]).flatMap { $0 > 0 ? $0 : nil }
      let price = told ?? ChainUnderlyingCheck.implied(session, chain, block: block)?.spot
      if let price { (underlying, priceSource) = (price, told == nil ? .parity : .vendor) }
      for slot in session.contracts.indices {
        let quote = session.quote(row: block * session.contracts.count + slot)
        guard !quote.isEmpty else { continue }
        quotes += 1
        expiries[places[slot]].quotes += 1
        guard quote.isTwoSided, let bid = quote.bidDollars, let ask = quote.askDollars else { continue }
        twoSided += 1
        expiries[places[slot]].twoSided += 1
        if quote.isCrossed { expiries[places[slot]].crossed += 1 }
        guard let price, !quote.isCrossed else { continue }
        let moneyness = chain.contracts[Int(session.contracts[slot])].strike / price
        if let band = spreads.indices.first(where: { moneyness < ChainSummary.edges[$0 + 1] }) {
          spreads[band].append((ask - bid, (ask - bid) / ((ask + bid) / 2)))
        }
      }
    }
    bands = spreads.enumerated().map { place, found in
      Band(moneyness: ChainSummary.edges[place]..<ChainSummary.edges[place + 1], found)
    }
  }
}
