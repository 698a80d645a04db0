// The quotes of a session that no chain has: SYNTHETIC, of a surface that was known when it began.

import Pricing

struct SyntheticPricing: SessionPricing {
  let surface: SyntheticSurface
  private let session: OptionTape.Session
  private let rules: QuoteRules
  private var batch = SurfaceBatch()
  private var atClose: OptionColumns<Double>
  private var closeValues: ValueColumns<Double>

  /// nil where a contract has no value.
  init?(_ surface: SyntheticSurface, _ session: OptionTape.Session, rules: QuoteRules) {
    self.surface = surface
    self.session = session
    self.rules = rules
    let contracts = session.contracts.map { (side: $0.right == .call ? OptionSide.call : .put, strike: $0.strike) }
    guard (try? batch.append(sessionsAhead: session.sessionsAhead, contracts: contracts)) != nil else { return nil }
    atClose = OptionColumns(
      signs: contracts.map(\.side.rawValue), forward: 1, strikes: contracts.map(\.strike), years: session.yearsAtClose,
      volatilities: [Double](repeating: 0, count: contracts.count))
    atClose.rates = [Double](repeating: surface.rate, count: contracts.count)
    atClose.dividendYields = [Double](repeating: surface.dividendYield, count: contracts.count)
    closeValues = ValueColumns(count: contracts.count)
  }

  mutating func price(minute: Int, spot: Double, years: Double, into places: OptionPlaces) {
    let first = session.place(minute: minute)
    // A price beyond what options have leaves the minute without quotes.
    guard
      (try? batch.price(
        on: surface, spot: spot, years: [years], rules: rules, minute: minute, of: session.minuteCount)) != nil
    else { return }
    for place in 0..<batch.count {
      atClose.spots[place] = spot
      atClose.volatilities[place] = batch.volatilities[place]
    }
    atClose.value(into: &closeValues)
    let underlying = SessionMaker.ticks(spot) ?? -1
    for contract in 0..<batch.count {
      let place = first + contract
      guard let ask = Int32(exactly: batch.asks[contract]) else { continue }
      places.bids[place] = Int32(batch.bids[contract])
      places.asks[place] = ask
      places.minutes[place] = Int32(minute)
      let price = batch.values.prices[contract]
      places.models[place] = Int32((price * Double(TickRule.perDollar)).rounded())
      places.underlyingPrices[place] = underlying
      places.volatilities[place] = Float(batch.volatilities[contract])
      places.deltas[place] = Float(batch.values.deltas[contract])
      places.gammas[place] = Float(batch.values.gammas[contract])
      places.vegas[place] = Float(batch.values.vegas[contract])
      places.decays[place] = Float(price - closeValues.prices[contract])
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
