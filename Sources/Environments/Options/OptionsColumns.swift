// A lane's row of observations.

import Market
import Trading

#if canImport(Glibc)
  import Glibc
#endif

extension OptionsEnvironment {
  /// row: (D), see `OptionsObservation`.
  func observe(_ lane: Int, _ day: OptionsDay, into row: UnsafeMutablePointer<Float>) {
    let tape = tables.tape
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    let tapeRow = day.session.row(minute: minute)
    let market = OptionFeatures.columns.count
    row.update(from: tape.features + tapeRow * market, count: market)
    var column = row + market
    func put(_ value: Double) {
      // What nobody knows of what is held is shown as nothing.
      let shown = Float(value)
      column.pointee = shown.isFinite ? shown : 0
      column += 1
    }
    let book = accounts.book(lane)
    let state = risks[lane].state.pointee
    let value = MicroDollars.dollars(max(lanes.value.base[lane], 1))
    let most = Double(configuration.maximumContracts)
    var held: Int?
    for slot in 0..<book.capacity where !book.positions[slot].isFree { held = slot }
    if let held {
      let position = book.positions[held]
      let place = day.session.place(minute: minute) + Int(position.contract)
      let middle = Double(position.bid + position.ask) / 2
      let opened = book.groups[book.firstGroup ?? 0].openedMinute
      put(day.isCall(position.contract) ? 1 : -1)
      put(Double(position.quantity) / most)
      put(Double(position.liquidation - position.basis) / Double(max(abs(position.basis), 1)))
      put(Double(position.ask - position.bid) / max(middle, 1))
      put(Double(minute - opened) / Double(day.minuteCount))
      put(Double(tape.deltas[place]))
      put(state.held.decay / value)
      put(Double(day.session.sessionsAhead) / 5)
    } else {
      for _ in 0..<8 { put(0) }
    }
    var flight = 0
    for working in lanes.working.base[lane].orders {
      flight += working.order.effect == .opens ? working.left : -working.left
    }
    put(Double(flight) / most)
    let limits = tables.gates[day.symbol].profile.limits
    let amounts = state.held.amounts * limits.basis.scale
    for greek in 0..<4 { put(amounts[greek] / value) }
    let used = limits.utilisations(of: state.held, in: limits.basis, netLiquidationDollars: value)
    let bound = OptionsObservation.mostUtilisation
    for greek in 0..<4 { put(min(max(greek == 0 ? used[greek] : abs(used[greek]), -bound), bound)) }
    for symbol in tape.symbols.indices { put(symbol == day.symbol ? 1 : 0) }
    let terms = day.table.count > 0 ? day.table[0].style : .american
    put(terms == .european ? 1 : 0)
    put(tape.symbols[day.symbol].instrument == .index ? 1 : 0)
    put(log10(tape.spots[tapeRow]) / 4)
    guard configuration.humanMomentum else { return }
    for place in OptionsMomentum.columns.indices {
      put(Double(tables.momentum[tapeRow * OptionsMomentum.columns.count + place]))
    }
  }
}

extension Book {
  /// The first place that holds a group.
  var firstGroup: Int? {
    for place in 0..<groupCapacity where groups[place].order != 0 { return place }
    return nil
  }
}
