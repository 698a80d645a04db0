// Which actions an account may take.

import AgentInterface
import Trading

/// The rules of a mask. All numbers are those known at the decision's close.
///
/// Illegal is: selling a flat symbol (below the short limit, where shorting is allowed); buying at the cap; a joint action whose buys
/// cost more than cash plus the proceeds expected of its own sales; in tier `reduce`, leaving more than one symbol newly held; in tier
/// `halt`, opening anything. Holding all is always legal. A buy that covers a short lowers the exposure: neither cash nor a tier
/// forbids it alone. A symbol that is not listed cannot be ordered (`BasketListings`), and takes no turn.
///
/// Independent choices, of more than `BasketAction.jointSymbols`, are legal only where every combination of them is. What cannot be granted to all
/// symbols is granted by turns, from symbol `bar` mod S on: cash less what covering all shorts would cost pays for the openings granted so far,
/// proceeds of sales not counted; in tier `reduce` the first flat symbol may be opened and no other.
struct BasketLegality: Sendable {
  let symbolCount: Int
  /// (S)
  let maximumUnits: LaneArray<Int32>
  /// (S) 0 where nothing may be short.
  let shortLimits: LaneArray<Int32>
  /// The most that one unit of any symbol may be worth.
  let largestUnitDollars: Double
  /// (S) the most that one of the symbol's may be worth.
  let unitMicroDollars: LaneArray<Double>
  /// Share of net liquidation value that one unit may be: `unit_share`, or `unit_share_of_value` over S.
  let unitShare: Double
  let halfSpreadFraction: Double
  let commissionDollars: Double
  let actions: BasketActionTable
  /// Nil where every symbol may be ordered at every bar.
  let listings: BasketListings?

  /// largestUnitDollars: what `BasketEnvironment.check` found.
  init(
    symbols: [String], configuration: BasketConfiguration, largestUnitDollars: Double, listings: BasketListings? = nil
  ) {
    symbolCount = symbols.count
    self.listings = listings
    maximumUnits = LaneArray(repeating: 0, count: symbols.count)
    shortLimits = LaneArray(repeating: 0, count: symbols.count)
    unitMicroDollars = LaneArray(repeating: largestUnitDollars * 1e6, count: symbols.count)
    for (symbol, name) in symbols.enumerated() {
      maximumUnits.base[symbol] = Int32(configuration.maximumUnits(of: name))
      if configuration.allowShort { shortLimits.base[symbol] = -maximumUnits.base[symbol] }
      if configuration.unitShare == nil { unitMicroDollars.base[symbol] = configuration.unitDollars(of: name) * 1e6 }
    }
    self.largestUnitDollars = largestUnitDollars
    unitShare = configuration.unitShare ?? configuration.unitShareOfValue / Double(symbols.count)
    halfSpreadFraction = configuration.execution.halfSpreadFraction
    commissionDollars = configuration.execution.commissionDollars
    actions = BasketActionTable(symbolCount: symbols.count, mayShort: configuration.allowShort)
  }

  /// What one unit of a symbol is worth at a decision, in dollars.
  @inline(__always)
  func unitDollars(_ symbol: Int, value: Int64) -> Double {
    min(unitMicroDollars.base[symbol], unitShare * Double(value)) * 1e-6
  }

  /// What holdings and tier alone permit, whatever it costs. units: (S).
  func maskBeforeCash(units: UnsafePointer<Int32>, tier: RiskTier) -> UInt64 {
    var legal: UInt64 = ActionMask.all(count: actions.heads.count).rawValue
    var flat = 0
    for symbol in 0..<symbolCount {
      let held = units[symbol]
      if held == 0 { flat |= 1 << symbol }
      if held <= shortLimits.base[symbol] || (tier == .halt && held <= 0) { legal &= ~actions.selling.base[symbol] }
      if held >= maximumUnits.base[symbol] || (tier == .halt && held >= 0) { legal &= ~actions.buying.base[symbol] }
    }
    if tier == .reduce { legal &= actions.openingAtMostOne.base[flat] }
    return legal
  }

  /// quotes: (S) at the decision's bar. value: net liquidation value. bar: the decision's, of the tape.
  func mask(
    portfolio: Portfolio, value: Int64, tier: RiskTier, quotes: UnsafePointer<MarketFeatures.Quote>, bar: Int
  ) -> ActionMask {
    guard actions.isJoint else {
      return independentMask(portfolio: portfolio, value: value, tier: tier, quotes: quotes, bar: bar)
    }
    let buying = actions.buying.base
    var legal = maskBeforeCash(units: portfolio.units, tier: tier)
    if let absent = listings?.absent(at: bar), absent != 0 {
      for symbol in 0..<symbolCount where absent >> UInt64(symbol) & 1 == 1 {
        legal &= ~(actions.selling.base[symbol] | buying[symbol])
      }
    }
    var buysThatOpen: UInt64 = 0
    var costOfAllBuys = 0.0
    for symbol in 0..<symbolCount where legal & buying[symbol] != 0 {
      costOfAllBuys += buyCost(portfolio, symbol, value, quotes)
      if portfolio.units[symbol] >= 0 { buysThatOpen |= buying[symbol] }
    }
    let cash = MicroDollars.dollars(portfolio.cash.pointee)
    // A sale brings at worst its commission as a loss; if cash pays for everything even so, no action needs a look of its own.
    if legal & buysThatOpen != 0 && costOfAllBuys + Double(symbolCount) * commissionDollars > cash {
      legal = affordable(legal, buysThatOpen, portfolio, cash, value, quotes)
    }
    return ActionMask(rawValue: legal)
  }

  /// Strikes the joint actions that cash and their own sales cannot pay.
  private func affordable(
    _ legal: UInt64, _ buysThatOpen: UInt64, _ portfolio: Portfolio, _ cash: Double, _ value: Int64,
    _ quotes: UnsafePointer<MarketFeatures.Quote>
  ) -> UInt64 {
    var remaining = legal
    for action in 0..<actions.heads.count where legal & buysThatOpen & (1 << UInt64(action)) != 0 {
      var cost = 0.0
      var proceeds = 0.0
      for symbol in 0..<symbolCount {
        switch actions.orders.base[action * symbolCount + symbol] {
        case 1: cost += buyCost(portfolio, symbol, value, quotes)
        case -1: proceeds += saleProceeds(portfolio, symbol, value, quotes)
        default: break
        }
      }
      if cost > cash + proceeds { remaining &= ~(1 << UInt64(action)) }
    }
    return remaining
  }

  /// The flags of sell, hold and buy of each symbol.
  private func independentMask(
    portfolio: Portfolio, value: Int64, tier: RiskTier, quotes: UnsafePointer<MarketFeatures.Quote>, bar: Int
  ) -> ActionMask {
    var cash = MicroDollars.dollars(portfolio.cash.pointee)
    for symbol in 0..<symbolCount {
      let held = portfolio.units[symbol]
      if held < 0 { cash -= buyCost(portfolio, symbol, value, quotes) }
      // A sale brings at worst its commission as a loss.
      if held > shortLimits.base[symbol] { cash -= commissionDollars }
    }
    var mask = ActionMask(rawValue: 0)
    var mayOpen = true
    let absent = listings?.absent(at: bar) ?? 0
    for turn in 0..<symbolCount {
      let symbol = (bar + turn) % symbolCount
      guard absent >> UInt64(symbol) & 1 == 0 else {
        mask = mask.allowing(0b010, from: 3 * symbol)
        continue
      }
      let held = portfolio.units[symbol]
      let mayAdd = tier != .halt && (held != 0 || mayOpen)
      let sells = held > shortLimits.base[symbol] && (held > 0 || mayAdd)
      var buys = held < maximumUnits.base[symbol] && (held < 0 || mayAdd)
      if buys && held >= 0 {
        let cost = buyCost(portfolio, symbol, value, quotes)
        buys = cost <= cash
        if buys { cash -= cost }
      }
      let own: UInt64 = 0b010 | (sells ? 0b001 : 0) | (buys ? 0b100 : 0)
      mask = mask.allowing(own, from: 3 * symbol)
      if held == 0 && tier == .reduce { mayOpen = false }
    }
    return mask
  }

  /// Dollars that a buy is expected to take, commission included.
  @inline(__always)
  private func buyCost(
    _ portfolio: Portfolio, _ symbol: Int, _ value: Int64, _ quotes: UnsafePointer<MarketFeatures.Quote>
  ) -> Double {
    let amount = orderDollars(portfolio, symbol, side: 1, value, quotes)
    let impact = quotes[symbol].impact.fraction(orderDollars: amount, halfSpreadFraction: halfSpreadFraction)
    return amount * (1 + halfSpreadFraction + impact) + commissionDollars
  }

  /// Dollars that a sale is expected to bring after its commission.
  @inline(__always)
  private func saleProceeds(
    _ portfolio: Portfolio, _ symbol: Int, _ value: Int64, _ quotes: UnsafePointer<MarketFeatures.Quote>
  ) -> Double {
    let amount = orderDollars(portfolio, symbol, side: -1, value, quotes)
    let impact = quotes[symbol].impact.fraction(orderDollars: amount, halfSpreadFraction: halfSpreadFraction)
    return amount * (1 - halfSpreadFraction - impact) - commissionDollars
  }

  @inline(__always)
  private func orderDollars(
    _ portfolio: Portfolio, _ symbol: Int, side: Int, _ value: Int64, _ quotes: UnsafePointer<MarketFeatures.Quote>
  ) -> Double {
    let close = quotes[symbol].close
    let unit = unitDollars(symbol, value: value)
    return portfolio.intent(symbol: symbol, side: side, unitDollars: unit, decisionPriceDollars: close).shares * close
  }
}
