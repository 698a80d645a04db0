// A lane's row of observations.

import Market
import Trading

#if canImport(Glibc)
  import Glibc
#endif

extension OptionsEnvironment {
  /// row: (D), see `OptionsObservation`.
  func observe(_ lane: Int, _ day: OptionsDay, into row: UnsafeMutablePointer<Float>) {
    let tape = tables.memory
    let minute = Int(lanes.minuteOfQuotes.base[lane])
    let tapeRow = day.row(minute: minute)
    let market = OptionFeatures.columns.count
    row.update(from: tape.features + tapeRow * market, count: market)
    var column = row + market
    func put(_ value: Double) {
      // What nobody knows of what is held is shown as nothing.
      let shown = Float(value)
      column.pointee = shown.isFinite ? shown : 0
      column += 1
    }
    let book = book(lane)
    let state = risks[lane].state
    let value = MicroDollars.dollars(max(lanes.value.base[lane], 1))
    let most = Double(configuration.maximumContracts)
    if let held = book.firstGroup.flatMap({ HeldPackage(book.groups[$0], in: book) }) {
      let group = held.group
      let place = day.place(minute: minute)
      put(day.isCall(group.legs[0].contract) ? 1 : -1)
      put(Double(group.quantity) / most)
      put(Double(held.liquidation - held.basis) / Double(max(abs(held.basis), 1)))
      put(Double(held.spread) / max(abs(Double(held.twiceMiddle) / 2), 1))
      put(Double(minute - group.openedMinute) / Double(day.minuteCount))
      put(group.delta { Double(tape.deltas[place + Int($0)]) })
      put(state.pointee.held.decay / value)
      put(Double(day.sessionsAhead) / 5)
    } else {
      for _ in 0..<8 { put(0) }
    }
    var flight = 0
    if lanes.flight.base[lane].id != 0 {
      flight = lanes.flight.base[lane].signed
    } else if lanes.isWorking.base[lane] {
      for working in lanes.working.base[lane].orders {
        flight += working.order.opens ? working.left : -working.left
      }
    }
    put(Double(flight) / most)
    let limits = tables.searches[day.symbol].limits
    let amounts = state.pointee.held.amounts * limits.basis.scale
    for greek in 0..<4 { put(amounts[greek] / value) }
    let used = limits.utilisations(of: state.pointee.held, in: limits.basis, netLiquidationDollars: value)
    let bound = OptionsObservation.mostUtilisation
    for greek in 0..<4 { put(min(max(greek == 0 ? used[greek] : abs(used[greek]), -bound), bound)) }
    for symbol in tables.areIndices.indices { put(symbol == day.symbol ? 1 : 0) }
    put(day.isEuropean ? 1 : 0)
    put(tables.areIndices[day.symbol] ? 1 : 0)
    put(log10(tape.spots[tapeRow]) / 4)
    guard configuration.humanMomentum else { return }
    for place in OptionsMomentum.columns.indices {
      put(Double(tables.momentum[tapeRow * OptionsMomentum.columns.count + place]))
    }
  }
}

/// What a group of legs that is held comes to, at its positions' marks. Sums over legs: money in micro-dollars, prices of one package in ten-thousandths of a dollar a unit.
struct HeldPackage {
  let group: LegGroup
  var basis: Int64 = 0
  var liquidation: Int64 = 0
  /// What crossing all of its quotes loses.
  var spread = 0
  /// Of one package, negative where it brings money.
  var twiceMiddle = 0
  /// Whether all marks are quotes of their own minute.
  var isQuoted = true

  /// nil where a leg is not held any more.
  init?(_ group: LegGroup, in book: Book) {
    self.group = group
    for index in group.legs.indices {
      guard let slot = book.slot(of: group.legs[index].contract) else { return nil }
      add(book.positions + slot, ratio: Int(group.legs[index].ratio))
    }
  }

  /// Not inlined: where a release build inlines it into the loop, the compiler loses the sums of `basis` and `liquidation`.
  @inline(never)
  private mutating func add(_ position: UnsafePointer<Position>, ratio: Int) {
    basis += position.pointee.basis
    liquidation += position.pointee.liquidation
    spread += abs(ratio) * (position.pointee.ask - position.pointee.bid)
    twiceMiddle += ratio * (position.pointee.bid + position.pointee.ask)
    isQuoted = isQuoted && position.pointee.isQuoted
  }
}

extension LegGroup {
  /// Of one package, by what one of each contract has. A further leg that nobody can tell counts as nothing: it is the cover, and nobody bids for it.
  func delta(_ one: (Int32) -> Double) -> Double {
    var sum = Double(legs[0].ratio) * one(legs[0].contract)
    for index in legs.indices.dropFirst() {
      let part = Double(legs[index].ratio) * one(legs[index].contract)
      if part.isFinite { sum += part }
    }
    return sum
  }
}

extension Book {
  /// The first place that holds a group.
  var firstGroup: Int? {
    for place in 0..<groupCapacity where groups[place].order != 0 { return place }
    return nil
  }
}
