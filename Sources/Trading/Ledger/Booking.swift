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
        let units = abs(held + asked) * table.multiplier(of: leg.contract)
        guard units <= Order.mostUnits else { return .unitsOutside(table[leg.contract].symbol, units) }
      }
    }
    if order.effect == .closes { return nil }
    guard needed <= freeSlots else { return .bookFull(capacity) }
    guard group(openedBy: order.id) == nil else { return .openingDouble(order.id) }
    return freePlace == nil ? .bookFull(groupCapacity) : nil
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
        let unit = table.multiplier(of: leg.contract)
        // Short of the bound by what is held on the same side already.
        let room = Order.mostUnits - max(0, held * leg.side) * unit
        most = min(most, max(0, room) / (Int(leg.ratio.magnitude) * unit))
      }
    }
    guard order.effect == .opens else { return most }
    guard needed <= freeSlots else { return 0 }
    return group(openedBy: order.id) != nil || freePlace != nil ? most : 0
  }

  /// Books a fill: cash, positions, group, and the items of the ledger. Traps where a leg needs a slot and none is free; see `refusal(of:in:)`.
  @discardableResult
  package func apply(_ fill: OrderFill, to ledger: Ledger) -> BookedFill {
    var booked = BookedFill(step: ValueStep(), realised: 0)
    for index in fill.legs.indices {
      let leg = fill.legs[index]
      apply(leg, at: slot(toFill: leg.contract), to: ledger, booked: &booked)
    }
    regroup(
      fill.order, fill.effect, places: places(fill.order, fill.effect, closes: fill.closes), quantity: fill.quantity,
      amount: fill.amount, minute: fill.minute
    ) { rolled in
      // The legs that do not reverse a rolled group's are a group of their own.
      var legs: UpToFour<OrderLeg>?
      for index in fill.legs.indices {
        let leg = Book.leg(fill.legs[index], packages: fill.quantity)
        if rolled?.isReversed(by: leg) == true { continue }
        if legs == nil { legs = UpToFour(leg) } else { legs?.append(leg) }
      }
      return legs
    }
    ledger.sums.pointee += booked.step
    return booked
  }

  /// Where an order's group lies that it gives back from, and where the group that it opens has or gets its place.
  struct GroupPlaces {
    var given: Int?
    var opened: Int?
  }

  @inline(__always)
  func places(_ order: Int64, _ effect: Order.Effect, closes: Int64) -> GroupPlaces {
    var places = GroupPlaces(given: group(openedBy: closes), opened: nil)
    guard effect == .opens else { return places }
    places.opened = group(openedBy: order) ?? freePlace
    return places
  }

  /// Books a fill of one leg: what the other does, without a fill around it. quantity: packages.
  @inline(__always)
  func apply(
    _ leg: LegFill, of order: Int64, _ effect: Order.Effect, closes: Int64, quantity: Int, minute: Int,
    to ledger: Ledger
  ) {
    var booked = BookedFill(step: ValueStep(), realised: 0)
    apply(leg, at: slot(toFill: leg.contract), to: ledger, booked: &booked)
    regroup(
      order, effect, places: places(order, effect, closes: closes), quantity: quantity, amount: leg.amount,
      minute: minute
    ) { rolled in
      let one = Book.leg(leg, packages: quantity)
      return rolled?.isReversed(by: one) == true ? nil : UpToFour(one)
    }
    ledger.sums.pointee += booked.step
  }

  /// The slot of a contract, or the first free one where it is not held.
  @inline(__always)
  func slot(toFill contract: Int32) -> Int? {
    slot(of: contract) ?? freeSlot
  }

  @inline(__always)
  func apply(_ leg: LegFill, at slot: Int?, to ledger: Ledger, booked: inout BookedFill) {
    guard let slot else {
      preconditionFailure("no slot is free for contract \(leg.contract): \(capacity) are held")
    }
    // Where it lies: a copy would be put together from its parts and read back as a whole, which waits for each of them.
    let position = mutablePositions + slot
    if position.pointee.isFree {
      position.pointee = Position(
        contract: leg.contract, multiplier: leg.multiplier, quantity: 0, bid: leg.bid, ask: leg.ask)
    }
    let before = (middle: position.pointee.middle, liquidation: position.pointee.liquidation)
    booked.wasReduced = booked.wasReduced || Int(position.pointee.quantity) * leg.quantity < 0
    booked.realised += position.pointee.add(leg.quantity, for: leg.amount)
    position.pointee.quote(bid: leg.bid, ask: leg.ask, model: position.pointee.lastModel)
    let after = (middle: position.pointee.middle, liquidation: position.pointee.liquidation)
    if position.pointee.isFree { position.pointee = .free }
    keepExtent(of: slot)

    ledger.cash.pointee -= leg.amount + leg.costs.besidePrice
    booked.step.costs += leg.costs
    // What was held before gains from its last mark to the quote of the fill.
    booked.step.priceProfit += after.middle - before.middle - leg.middleAmount
    booked.step.markChange += (after.liquidation - after.middle) - (before.liquidation - before.middle)
  }

  /// Opens the group of a fill, or adds to it, and takes what was given back from the one that it closes or rolls. `legs`: those that are opened.
  @inline(__always)
  private func regroup(
    _ order: Int64, _ effect: Order.Effect, places: GroupPlaces, quantity: Int, amount: Int64, minute: Int,
    legs: (_ rolled: LegGroup?) -> UpToFour<OrderLeg>?
  ) {
    if effect == .opens {
      if let place = places.opened, groups[place].order == order {
        mutableGroups[place].quantity += quantity
        mutableGroups[place].openedFor += amount
      } else if let legs = legs(places.given.map { groups[$0] }) {
        guard let place = places.opened else {
          preconditionFailure("no place is free for the group of order \(order): \(groupCapacity) are held")
        }
        putGroup(
          LegGroup(order: order, legs: legs, quantity: quantity, openedFor: amount, openedMinute: minute), at: place)
      }
    }
    if let given = places.given { mutableGroups[given].quantity -= quantity }
    if effect == .closes || places.given != nil { trimGroups() }
  }

  private static func leg(_ leg: LegFill, packages: Int) -> OrderLeg {
    OrderLeg(contract: leg.contract, ratio: Int32(leg.quantity / packages))
  }

  /// Groups hold no more than the positions: legs that are gone are dropped, and groups without legs or packages.
  package func trimGroups() {
    for place in usedGroups where groups[place].order != 0 {
      guard groups[place].quantity > 0 else {
        putGroup(.free, at: place)
        continue
      }
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
        putGroup(.free, at: place)
        continue
      }
      mutableGroups[place].legs = left
      mutableGroups[place].quantity = quantity
    }
  }
}

extension Position {
  /// Adds a signed quantity for an amount (micro-dollars, signed as the quantity), and returns what was gained on what was given back.
  ///
  /// What is given back takes its share of the basis with it, rounded towards zero; the rest stays exactly.
  @inlinable @inline(__always)
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
  package mutating func quote(bid: Int, ask: Int, model: Int) {
    (self.bid, self.ask, lastBid, lastAsk, lastModel) = (bid, ask, bid, ask, model)
    isQuoted = true
  }

  /// Marks it without a quote: the last one, moved by what the model moved since. A short is never worth more than its intrinsic value says, and a mark
  /// never falls below zero.
  @inlinable
  package mutating func move(model: Int, intrinsic: Int) {
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
  @_specialize(where View == LaneView)
  @discardableResult
  package func mark<View: MarketView>(_ view: View, minute: Int, in table: ContractTable, to ledger: Ledger)
    -> ValueStep
  {
    // Two numbers, and not a step of twelve, which would stand in memory.
    var (priceProfit, markChange): (Int64, Int64) = (0, 0)
    for slot in usedSlots where !positions[slot].isFree {
      let contract = positions[slot].contract
      let (middle, distance) = (positions[slot].middle, positions[slot].liquidation - positions[slot].middle)
      // 0 says that there is no model: one that calls a contract worthless still moves its mark down.
      let model = view.modelPrice(of: contract, minute: minute).map { max($0, 1) } ?? 0
      if let quote = view.quote(of: contract, minute: minute), quote.fills(at: minute) {
        mutablePositions[slot].quote(bid: quote.bid, ask: quote.ask, model: model)
      } else {
        markUnquoted(
          slot, model: model, underlying: view.underlyingPrice(of: contract, minute: minute), in: table)
      }
      priceProfit += positions[slot].middle - middle
      markChange += (positions[slot].liquidation - positions[slot].middle) - distance
    }
    ledger.sums.pointee.priceProfit += priceProfit
    ledger.sums.pointee.markChange += markChange
    return ValueStep(priceProfit: priceProfit, markChange: markChange)
  }

  @usableFromInline
  func markUnquoted(_ slot: Int, model: Int, underlying price: Int?, in table: ContractTable) {
    let contract = table[positions[slot].contract]
    if contract.isOption {
      mutablePositions[slot].move(model: model, intrinsic: price.map { contract.intrinsic(underlying: $0) } ?? 0)
      return
    }
    if let price { (mutablePositions[slot].bid, mutablePositions[slot].ask) = (price, price) }
    mutablePositions[slot].isQuoted = false
  }

  /// The middle and the liquidation of all positions are what the ledger's items say, to the micro-dollar.
  @inlinable
  package func gap(to ledger: Ledger) -> Int64 { ledger.gap(liquidation: marks.liquidation) }
}
