// The quotes of a session that no chain has: SYNTHETIC, of a surface that was known when it began.

import Pricing

struct SyntheticPricing: SessionPricing {
  let surface: SyntheticSurface
  private let session: OptionTape.Session
  private let rules: QuoteRules
  private var batch = SurfaceBatch()
  private var close: CloseValues

  /// nil where a contract has no value.
  init?(_ surface: SyntheticSurface, _ session: OptionTape.Session, rules: QuoteRules) {
    self.surface = surface
    self.session = session
    self.rules = rules
    close = CloseValues(
      session.contracts, yearsAtClose: session.yearsAtClose, rate: surface.rate, dividendYield: surface.dividendYield)
    let contracts = session.contracts.map { (side: $0.right == .call ? OptionSide.call : .put, strike: $0.strike) }
    guard (try? batch.append(sessionsAhead: session.sessionsAhead, contracts: contracts)) != nil else { return nil }
  }

  mutating func price(minute: Int, spot: Double, years: Double, into places: OptionPlaces) {
    let first = session.place(minute: minute)
    // A price beyond what options have leaves the minute without quotes.
    guard
      (try? batch.price(
        on: surface, spot: spot, years: [years], rules: rules, minute: minute, of: session.minuteCount)) != nil
    else { return }
    // Taken out once: what an array's owner hands out is counted each time.
    let (volatilities, values, bids, asks) = (batch.volatilities, batch.values, batch.bids, batch.asks)
    let atClose = close.prices(spot: spot, volatilities: volatilities)
    let underlying = SessionMaker.ticks(spot) ?? -1
    for contract in volatilities.indices {
      let place = first + contract
      guard let ask = Int32(exactly: asks[contract]) else { continue }
      places.bids[place] = Int32(bids[contract])
      places.asks[place] = ask
      places.minutes[place] = Int32(minute)
      let price = values.prices[contract]
      places.models[place] = Int32((price * Double(TickRule.perDollar)).rounded())
      places.underlyingPrices[place] = underlying
      places.volatilities[place] = Float(volatilities[contract])
      places.deltas[place] = Float(values.deltas[contract])
      places.gammas[place] = Float(values.gammas[contract])
      places.vegas[place] = Float(values.vegas[contract])
      places.decays[place] = Float(price - atClose[contract])
    }
  }

  func level(minute: Int, spot: Double, from places: OptionPlaces) -> SurfaceColumns.Level? {
    let first = session.place(minute: minute)
    let atTheMoney = surface.atTheMoney(sessionsAhead: session.sessionsAhead, spot: spot)
    return SurfaceColumns.Level(
      atTheMoney: atTheMoney,
      skew: SurfaceColumns.skew(
        session.contracts, deltas: UnsafePointer(places.deltas + first),
        volatilities: UnsafePointer(places.volatilities + first), atTheMoney: atTheMoney))
  }
}
