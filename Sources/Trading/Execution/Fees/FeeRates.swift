// The fees of one day, and what they make of a fill.

/// What kind of contract a fee is asked for.
package enum FeeClass: UInt8, Sendable {
  case share, option
  /// An option of an index: it has a fee of its exchange, and none on sales.
  case indexOption

  package init(_ contract: TradedContract) {
    self = !contract.isOption ? .share : contract.isCashSettled ? .indexOption : .option
  }
}

/// What the commissions of one order came to so far, in micro-dollars: minimums are of the order, however many fills it has.
package struct OrderCommission: Sendable, Hashable {
  /// At the rates, and what was charged for it.
  package var options: Int64 = 0
  package var optionsCharged: Int64 = 0
  package var shares: Int64 = 0
  package var sharesCharged: Int64 = 0

  @inlinable
  package init() {}
}

/// The fees of one day, in micro-dollars by the units of `Fee`.
package struct FeeRates: Sendable, Hashable {
  package var optionCommission: PremiumRate
  package var optionOrderMinimum: Int64
  package var optionClearing: Int64
  package var optionRegulatory: Int64
  package var indexOptionExchange: PremiumRate
  package var optionSale: Int64
  package var shareCommission: Int64
  package var shareOrderMinimum: Int64
  package var shareSale: Int64
  package var shareSaleMost: Int64
  /// Micro-dollars a million dollars.
  package var saleValue: Int64
  package var exercise: Int64

  package init(
    optionCommission: PremiumRate, optionOrderMinimum: Int64, optionClearing: Int64, optionRegulatory: Int64,
    indexOptionExchange: PremiumRate, optionSale: Int64, shareCommission: Int64, shareOrderMinimum: Int64,
    shareSale: Int64, shareSaleMost: Int64, saleValue: Int64, exercise: Int64
  ) {
    self.optionCommission = optionCommission
    self.optionOrderMinimum = optionOrderMinimum
    self.optionClearing = optionClearing
    self.optionRegulatory = optionRegulatory
    self.indexOptionExchange = indexOptionExchange
    self.optionSale = optionSale
    self.shareCommission = shareCommission
    self.shareOrderMinimum = shareOrderMinimum
    self.shareSale = shareSale
    self.shareSaleMost = shareSaleMost
    self.saleValue = saleValue
    self.exercise = exercise
  }

  /// The same amount for every contract of options and nothing else, as planted markets have it.
  package static func flat(optionMicroDollars rate: Int64) -> FeeRates {
    FeeRates(
      optionCommission: PremiumRate(rate), optionOrderMinimum: 0, optionClearing: 0, optionRegulatory: 0,
      indexOptionExchange: PremiumRate(0), optionSale: 0, shareCommission: 0, shareOrderMinimum: 0, shareSale: 0,
      shareSaleMost: 0, saleValue: 0, exercise: 0)
  }

  package static let none = FeeRates.flat(optionMicroDollars: 0)

  /// Every fee so many times, to the micro-dollar. factor: at least 0 and at most 1,000.
  package func times(_ factor: Double) -> FeeRates {
    func times(_ amount: Int64) -> Int64 { Int64((Double(amount) * factor).rounded(.toNearestOrEven)) }
    return FeeRates(
      optionCommission: optionCommission.times(factor), optionOrderMinimum: times(optionOrderMinimum),
      optionClearing: times(optionClearing), optionRegulatory: times(optionRegulatory),
      indexOptionExchange: indexOptionExchange.times(factor), optionSale: times(optionSale),
      shareCommission: times(shareCommission), shareOrderMinimum: times(shareOrderMinimum),
      shareSale: times(shareSale), shareSaleMost: times(shareSaleMost), saleValue: times(saleValue),
      exercise: times(exercise))
  }

  /// The fees of one leg of a fill. The commission is that of the rates: `raise` brings it to the order's minimum.
  ///
  /// price: ten-thousandths of a dollar a unit. quantity: signed. proceeds: of a sale, micro-dollars, positive.
  @inline(__always)
  package func fees(class kind: FeeClass, price: Int, quantity: Int, proceeds: Int64) -> Costs {
    let count = Int64(quantity.magnitude)
    let isSale = quantity < 0
    var costs = Costs()
    switch kind {
    case .share:
      costs.commission = shareCommission * count
      if isSale { costs.saleFees = min(shareSale * count, shareSaleMost) + valueFee(proceeds) }
    case .option, .indexOption:
      costs.commission = optionCommission.rate(at: price) * count
      costs.clearing = optionClearing * count
      costs.regulatory = optionRegulatory * count
      if kind == .indexOption {
        costs.clearing += indexOptionExchange.rate(at: price) * count
      } else if isSale {
        costs.saleFees = optionSale * count + valueFee(proceeds)
      }
    }
    return costs
  }

  /// What a fill's commissions must be charged beyond its rates, so that the order comes to its minimum, and once only. `order` takes both.
  @inline(__always)
  package func raise(_ order: inout OrderCommission, options: Int64, shares: Int64, hasOptions: Bool, hasShares: Bool)
    -> Int64
  {
    var beyond: Int64 = 0
    if hasOptions {
      order.options += options
      let due = max(order.options, optionOrderMinimum) - order.optionsCharged
      order.optionsCharged += due
      beyond += due - options
    }
    if hasShares {
      order.shares += shares
      let due = max(order.shares, shareOrderMinimum) - order.sharesCharged
      order.sharesCharged += due
      beyond += due - shares
    }
    return beyond
  }

  /// A share of the proceeds, to the micro-dollar, half to even.
  @inline(__always)
  private func valueFee(_ proceeds: Int64) -> Int64 {
    guard proceeds > 0, saleValue > 0 else { return 0 }
    // Micro-dollars times micro-dollars a million dollars: of many sales more than 64 bits hold.
    let (product, overflow) = proceeds.multipliedReportingOverflow(by: saleValue)
    if overflow { return wideValueFee(proceeds) }
    return FeeRates.rounded(product.quotientAndRemainder(dividingBy: FeeRates.unit))
  }

  /// Beyond 64 bits.
  @inline(never)
  private func wideValueFee(_ proceeds: Int64) -> Int64 {
    FeeRates.rounded(FeeRates.unit.dividingFullWidth(proceeds.multipliedFullWidth(by: saleValue)))
  }

  /// Micro-dollars times micro-dollars a million dollars in a micro-dollar.
  private static let unit: Int64 = 1_000_000_000_000

  @inline(__always)
  private static func rounded(_ fee: (quotient: Int64, remainder: Int64)) -> Int64 {
    let twice = fee.remainder * 2
    return twice > unit || (twice == unit && fee.quotient % 2 == 1) ? fee.quotient + 1 : fee.quotient
  }
}
