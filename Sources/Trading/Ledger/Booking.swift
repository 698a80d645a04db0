// Fills and marks are booked here, and nowhere else: cash, positions and the items of the ledger move together.

/// What a booked fill changed.
package struct BookedFill: Sendable, Equatable {
  package var step: ValueStep
  /// What was gained on the part that was given back, against what was paid for it, without costs beside the price, in micro-dollars.
  package var realised: Int64
  /// Whether anything that was held was given back, by whatever order.
  package var wasReduced = false
}

extension Book {
  /// The first reason why an order may not be sent, by what is held; nil where it may.
  ///
  /// An opening order needs a slot for each leg that is not held yet, and a place for its group. A closing order gives back no more than is held. An opening
  /// order that names a group rolls it: its legs that reverse the group's give back, the others open.
  package func refusal(of order: Order, in table: ContractTable) -> OrderRefusal? {
    var rolled: LegGroup?
    if order.closes != 0 {
      guard let place = group(openedBy: order.closes) else { return .unknownGroup(order.closes) }
      rolled = groups[place]
    }
    var needed = 0
    for index in order.legs.indices {
      let leg = order.legs[index]
      guard table.contains(leg.contract) else { return .unknownContract(leg.contract) }
      let asked = order.quantity * Int(leg.ratio)
      let held = quantity(of: leg.contract)
      if order.effect == .closes || rolled?.isReversed(by: leg) == true {
        guard held * leg.side < 0, abs(held) >= abs(asked) else {
          return .nothingToClose(table[leg.contract].symbol, held: held, asked: asked)
        }
      } else {
        if held == 0 { needed += 1 }
        let units = abs(held + asked) * table[leg.contract].multiplier
        guard units <= Order.mostUnits else { return .unitsOutside(table[leg.contract].symbol, units) }
      }
    }
    if order.effect == .closes { return nil }
    var free = 0
    for slot in 0..<capacity where positions[slot].isFree { free += 1 }
    guard needed <= free else { return .bookFull(capacity) }
    guard group(openedBy: order.id) == nil else { return .openingDouble(order.id) }
    for place in 0..<groupCapacity where groups[place].order == 0 { return nil }
    return .bookFull(groupCapacity)
  }

  /// How many of so many packages an order that works may still fill: what is not held any more closes nothing, and what has no slot opens nothing.
  package func permitted(_ order: Order, _ packages: Int, in table: ContractTable) -> Int {
    var rolled: LegGroup?
    if order.closes != 0 {
      guard let place = group(openedBy: order.closes) else { return 0 }
      rolled = groups[place]
    }
    var most = packages
    var needed = 0
    for index in order.legs.indices {
      let leg = order.legs[index]
      let held = quantity(of: leg.contract)
      if order.effect == .closes || rolled?.isReversed(by: leg) == true {
        guard held * leg.side < 0 else { return 0 }
        most = min(most, abs(held) / Int(leg.ratio.magnitude))
      } else {
        if held == 0 { needed += 1 }
        let unit = table[leg.contract].multiplier
        // Short of the bound by what is held on the same side already.
        let room = Order.mostUnits - max(0, held * leg.side) * unit
        most = min(most, max(0, room) / (Int(leg.ratio.magnitude) * unit))
      }
    }
    guard order.effect == .opens else { return most }
    var free = 0
    for slot in 0..<capacity where positions[slot].isFree { free += 1 }
    guard needed <= free else { return 0 }
    if group(openedBy: order.id) != nil { return most }
    for place in 0..<groupCapacity where groups[place].order == 0 { return most }
    return 0
  }

  /// Books a fill: cash, positions, group, and the items of the ledger. Traps where a leg needs a slot and none is free; see `refusal(of:in:)`.
  @discardableResult
  package func apply(_ fill: OrderFill, to ledger: Ledger) -> BookedFill {
    var booked = BookedFill(step: ValueStep(), realised: 0)
    for index in fill.legs.indices { apply(fill.legs[index], to: ledger, booked: &booked) }
    let given = group(openedBy: fill.closes)
    if fill.effect == .opens { open(groupOf: fill, rolling: given.map { groups[$0] }) }
    if let given { groups[given].quantity -= fill.quantity }
    if booked.wasReduced { trimGroups() }
    ledger.sums.pointee += booked.step
    return booked
  }

  @inlinable
  func apply(_ leg: LegFill, to ledger: Ledger, booked: inout BookedFill) {
    guard let slot = slot(of: leg.contract) ?? freeSlot else {
      preconditionFailure("no slot is free for contract \(leg.contract): \(capacity) are held")
    }
    if positions[slot].isFree {
      positions[slot] = Position(
        contract: leg.contract, multiplier: leg.multiplier, quantity: 0, bid: leg.bid, ask: leg.ask)
    }
    let before = positions[slot]
    var after = before
    booked.wasReduced = booked.wasReduced || Int(before.quantity) * leg.quantity < 0
    booked.realised += after.add(leg.quantity, for: leg.amount)
    after.quote(bid: leg.bid, ask: leg.ask, model: after.lastModel)
    positions[slot] = after.isFree ? .free : after

    ledger.cash.pointee -= leg.amount + leg.costs.besidePrice
    booked.step.costs += leg.costs
    // What was held before gains from its last mark to the quote of the fill.
    booked.step.priceProfit += after.middle - before.middle - leg.middleAmount
    booked.step.markChange += (after.liquidation - after.middle) - (before.liquidation - before.middle)
  }

  /// The legs that do not reverse a rolled group's are a group of their own.
  private func open(groupOf fill: OrderFill, rolling rolled: LegGroup?) {
    if let place = group(openedBy: fill.order) {
      groups[place].quantity += fill.quantity
      groups[place].openedFor += fill.amount
      return
    }
    var legs: UpToFour<OrderLeg>?
    for index in fill.legs.indices {
      let leg = Book.leg(fill.legs[index], packages: fill.quantity)
      if rolled?.isReversed(by: leg) == true { continue }
      if legs == nil { legs = UpToFour(leg) } else { legs?.append(leg) }
    }
    guard let legs else { return }
    for place in 0..<groupCapacity where groups[place].order == 0 {
      groups[place] = LegGroup(
        order: fill.order, legs: legs, quantity: fill.quantity, openedFor: fill.amount, openedMinute: fill.minute)
      return
    }
    preconditionFailure("no place is free for the group of order \(fill.order): \(groupCapacity) are held")
  }

  private static func leg(_ leg: LegFill, packages: Int) -> OrderLeg {
    OrderLeg(contract: leg.contract, ratio: Int32(leg.quantity / packages))
  }

  /// Groups hold no more than the positions: legs that are gone are dropped, and groups without legs or packages.
  package func trimGroups() {
    for place in 0..<groupCapacity where groups[place].order != 0 {
      let group = groups[place]
      var left: UpToFour<OrderLeg>?
      var quantity = group.quantity
      for index in group.legs.indices {
        let leg = group.legs[index]
        let held = self.quantity(of: leg.contract)
        guard held * leg.side > 0 else { continue }
        quantity = min(quantity, abs(held) / Int(leg.ratio.magnitude))
        if left == nil { left = UpToFour(leg) } else { left?.append(leg) }
      }
      guard let left, quantity > 0 else {
        groups[place] = .free
        continue
      }
      groups[place].legs = left
      groups[place].quantity = quantity
    }
  }
}

extension Position {
  /// Adds a signed quantity for an amount (micro-dollars, signed as the quantity), and returns what was gained on what was given back.
  ///
  /// What is given back takes its share of the basis with it, rounded towards zero; the rest stays exactly.
  @inlinable
  mutating func add(_ added: Int, for amount: Int64) -> Int64 {
    let held = Int(quantity)
    quantity += Int32(added)
    guard held * added < 0 else {
      basis += amount
      return 0
    }
    let given = min(abs(held), abs(added))
    let removed = Position.share(of: basis, given, of: abs(held))
    // Where the order goes through zero, its rest opens at the same price.
    let closing = Position.share(of: amount, given, of: abs(added))
    basis = basis - removed + (amount - closing)
    return -closing - removed
  }

  /// amount x part / whole without overflow, towards zero.
  @inlinable
  static func share(of amount: Int64, _ part: Int, of whole: Int) -> Int64 {
    if part == whole { return amount }
    return Int64(whole).dividingFullWidth(amount.multipliedFullWidth(by: Int64(part))).quotient
  }

  /// Marks it at a two-sided quote.
  @inlinable
  mutating func quote(bid: Int, ask: Int, model: Int) {
    (self.bid, self.ask, lastBid, lastAsk, lastModel) = (bid, ask, bid, ask, model)
    isQuoted = true
  }

  /// Marks it without a quote: the last one, moved by what the model moved since. A short is never worth more than its intrinsic value says, and a mark
  /// never falls below zero.
  @inlinable
  mutating func move(model: Int, intrinsic: Int) {
    let change = lastModel > 0 && model > 0 ? model - lastModel : 0
    bid = max(0, lastBid + change)
    ask = max(bid, lastAsk + change)
    if quantity < 0 { ask = max(ask, intrinsic) }
    isQuoted = false
  }
}

extension Book {
  /// Marks every position at the end of a minute and books what it gained or lost.
  ///
  /// A quote that an order could be filled on is a mark; where there is none, the last two-sided one is moved by the surface and the position is flagged.
  /// Shares without a quote are worth their price.
  @inlinable
  @discardableResult
  package func mark(_ view: some MarketView, minute: Int, in table: ContractTable, to ledger: Ledger) -> ValueStep {
    var step = ValueStep()
    for slot in 0..<capacity where !positions[slot].isFree {
      let before = positions[slot]
      var after = before
      if let quote = view.quote(of: before.contract, minute: minute), quote.fills(at: minute) {
        after.quote(
          bid: quote.bid, ask: quote.ask, model: view.modelPrice(of: before.contract, minute: minute) ?? 0)
      } else {
        let price = view.underlyingPrice(of: before.contract, minute: minute)
        let contract = table[before.contract]
        if contract.isOption {
          after.move(
            model: view.modelPrice(of: before.contract, minute: minute) ?? 0,
            intrinsic: price.map { contract.intrinsic(underlying: $0) } ?? 0)
        } else if let price {
          (after.bid, after.ask, after.isQuoted) = (price, price, false)
        } else {
          after.isQuoted = false
        }
      }
      positions[slot] = after
      step.priceProfit += after.middle - before.middle
      step.markChange += (after.liquidation - after.middle) - (before.liquidation - before.middle)
    }
    ledger.sums.pointee += step
    return step
  }

  /// The middle and the liquidation of all positions are what the ledger's items say, to the micro-dollar.
  @inlinable
  package func gap(to ledger: Ledger) -> Int64 { ledger.gap(liquidation: marks.liquidation) }
}
