// What a broker, a clearing house, an exchange and a regulator may ask for, by name.

package import Market

/// One fee of a table. The raw value is its key in a file.
package enum Fee: String, Sendable, CaseIterable {
  /// Dollars a contract of options, by premium.
  case optionCommission = "option_commission"
  /// Dollars that the commission on the options of one order comes to at least.
  case optionOrderMinimum = "option_order_minimum"
  /// Dollars a contract of options, on both sides.
  case optionClearing = "option_clearing"
  /// Dollars a contract of options, on both sides.
  case optionRegulatory = "option_regulatory"
  /// Dollars a contract of an index, on both sides, by premium. Booked with clearing.
  case indexOptionExchange = "index_option_exchange"
  /// Dollars a contract of options sold; those of an index are free of it.
  case optionSale = "option_sale"
  /// Dollars a share.
  case shareCommission = "share_commission"
  /// Dollars that the commission on the shares of one order comes to at least.
  case shareOrderMinimum = "share_order_minimum"
  /// Dollars a share sold.
  case shareSale = "share_sale"
  /// Dollars that `share_sale` comes to at most in one fill.
  case shareSaleMost = "share_sale_most"
  /// Dollars a million dollars of proceeds of sales; options of an index are free of it.
  case saleValue = "sale_value"
  /// Dollars a contract that is exercised or assigned.
  case exercise = "exercise"

  /// The most that it may be, in dollars: beyond stands a mistake of units.
  package var mostDollars: Double {
    switch self {
    case .optionOrderMinimum, .shareOrderMinimum, .shareSaleMost: 1000
    case .saleValue: 1000
    case .shareCommission, .shareSale: 1
    default: 100
    }
  }

  /// Of what contracts it is asked for.
  package var classes: Set<FeeClass> {
    switch self {
    case .optionCommission, .optionOrderMinimum, .optionClearing, .optionRegulatory, .exercise:
      [.option, .indexOption]
    case .indexOptionExchange: [.indexOption]
    case .optionSale: [.option]
    case .shareCommission, .shareOrderMinimum, .shareSale, .shareSaleMost: [.share]
    case .saleValue: [.share, .option]
    }
  }

  /// Whether a row may have other rates at low premiums.
  package var isByPremium: Bool { self == .optionCommission || self == .indexOptionExchange }

  /// What one pays it for.
  package var unit: String {
    switch self {
    case .optionCommission, .optionClearing, .optionRegulatory, .indexOptionExchange: "a contract"
    case .optionSale: "a contract sold"
    case .optionOrderMinimum, .shareOrderMinimum: "an order"
    case .shareCommission: "a share"
    case .shareSale: "a share sold"
    case .shareSaleMost: "a sale"
    case .saleValue: "a million dollars sold"
    case .exercise: "a contract exercised"
    }
  }
}

/// A rate in micro-dollars, with up to three others at low premiums.
package struct PremiumRate: Sendable, Hashable {
  /// The rate at premiums that no bound lies above.
  package var base: Int64
  /// Rising, ten-thousandths of a dollar a unit: the rate of the same place holds below it.
  @usableFromInline var bounds: SIMD4<Int>
  @usableFromInline var rates: SIMD4<Int64>
  @usableFromInline var count: Int

  package static let mostBounds = 3

  @inlinable
  package init(_ base: Int64) {
    self.base = base
    bounds = SIMD4(repeating: 0)
    rates = SIMD4(repeating: 0)
    count = 0
  }

  /// Traps where there are more than three bounds, or where they do not rise.
  package init(_ base: Int64, below tiers: [(premium: Int, rate: Int64)]) {
    precondition(tiers.count <= PremiumRate.mostBounds, "\(tiers.count) bounds of premiums")
    self.init(base)
    for tier in tiers {
      precondition(count == 0 || tier.premium > bounds[count - 1], "bounds of premiums do not rise")
      bounds[count] = tier.premium
      rates[count] = tier.rate
      count += 1
    }
  }

  /// Micro-dollars at a premium in ten-thousandths of a dollar a unit.
  @inline(__always)
  package func rate(at premium: Int) -> Int64 { count == 0 ? base : tieredRate(at: premium) }

  /// Apart, so that fills of brokers without bounds have no loop.
  @inline(never)
  private func tieredRate(at premium: Int) -> Int64 {
    for place in 0..<count where premium < bounds[place] { return rates[place] }
    return base
  }

  /// The same at every premium so many times, to the micro-dollar.
  func times(_ factor: Double) -> PremiumRate {
    func times(_ rate: Int64) -> Int64 { Int64((Double(rate) * factor).rounded(.toNearestOrEven)) }
    var dearer = self
    dearer.base = times(base)
    for place in 0..<count { dearer.rates[place] = times(rates[place]) }
    return dearer
  }

  /// All that it can be.
  var all: [Int64] { [base] + (0..<count).map { rates[$0] } }

  /// Each bound in ten-thousandths of a dollar with its rate.
  package var tiers: [(premium: Int, rate: Int64)] { (0..<count).map { (bounds[$0], rates[$0]) } }
}

/// What a fee was, and how that is known.
package struct FeeRow: Sendable, Hashable {
  /// The first and the last day on which it is known to have held. nil for nobody knows: of the first row of a fee, and of its last. A row without
  /// both holds always, and is alone: it is a choice, not a fact.
  package var from: CalendarDate?
  package var until: CalendarDate?
  package var rate: PremiumRate
  package var source: String

  package init(from: CalendarDate? = nil, until: CalendarDate? = nil, _ rate: PremiumRate, source: String) {
    self.from = from
    self.until = until
    self.rate = rate
    self.source = source
  }

  /// The days between which it is known: one of them where only one end is.
  var known: (first: CalendarDate, last: CalendarDate)? {
    guard let first = from ?? until, let last = until ?? from else { return nil }
    return (first, last)
  }
}
