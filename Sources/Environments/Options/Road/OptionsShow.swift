// A lane's row of observations by the short road: the columns of `observe`, to the bit, of an account with at most one option.

import Market
import Trading

extension OptionsEnvironment {
  /// row: (D), see `OptionsObservation`.
  func observed(_ lane: Int, _ day: OptionsDay, into row: UnsafeMutablePointer<Float>) {
    guard isShort, !lanes.isWorking.base[lane] || lanes.flight.base[lane].id != 0 else {
      return observe(lane, day, into: row)
    }
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    let tapeRow = day.row(minute: minute)
    row.update(from: tables.memory.features + tapeRow * tables.featureCount, count: tables.featureCount)
    var column = row + tables.featureCount
    @inline(__always)
    func put(_ value: Double) {
      let shown = Float(value)
      column.pointee = shown.isFinite ? shown : 0
      column += 1
    }
    let value = MicroDollars.dollars(max(lanes.value.base[lane], 1))
    let most = Double(configuration.maximumContracts)
    let position = memory.position(lane)
    let held = memory.state(lane).pointee.held
    if position.pointee.isFree {
      column.update(repeating: 0, count: 8)
      column += 8
    } else {
      let (bid, ask) = (position.pointee.bid, position.pointee.ask)
      let (contract, basis) = (position.pointee.contract, position.pointee.basis)
      put(day.isCall(contract) ? 1 : -1)
      put(Double(Int(position.pointee.quantity)) / most)
      put(Double(position.pointee.liquidation - basis) / Double(max(abs(basis), 1)))
      put(Double(ask - bid) / max(abs(Double(bid + ask) / 2), 1))
      put(Double(minute - memory.group(lane).pointee.openedMinute) / Double(day.minuteCount))
      put(Double(tables.memory.deltas[day.place(minute: minute) + Int(contract)]))
      put(held.decay / value)
      put(Double(day.sessionsAhead) / 5)
    }
    let flight = lanes.flight.base + lane
    put(flight.pointee.id != 0 ? Double(flight.pointee.signed) / most : 0)
    if held == .zero {
      column.update(repeating: 0, count: 8)
      column += 8
    } else {
      let limits = tables.limits(day.symbol)
      let amounts = held.amounts * limits.pointee.limits.basis.scale
      for greek in 0..<4 { put(amounts[greek] / value) }
      let used = limits.pointee.limits.utilisations(
        of: held, in: limits.pointee.limits.basis, netLiquidationDollars: value)
      let bound = OptionsObservation.mostUtilisation
      for greek in 0..<4 { put(min(max(greek == 0 ? used[greek] : abs(used[greek]), -bound), bound)) }
    }
    for symbol in 0..<lanes.symbolCount {
      column.pointee = symbol == day.symbol ? 1 : 0
      column += 1
    }
    column[0] = day.isEuropean ? 1 : 0
    column[1] = tables.areIndices[day.symbol] ? 1 : 0
    column[2] = tables.rows[tapeRow].logPrice
    guard configuration.humanMomentum else { return }
    column += 3
    for place in OptionsMomentum.columns.indices {
      put(Double(tables.momentum[tapeRow * OptionsMomentum.columns.count + place]))
    }
  }
}
