// What an account holds: positions by contract, and the groups of legs that were opened together.

/// One position, in 48 bytes: books of many lanes are searched in memory, place by place. Prices of its mark are ten-thousandths of a dollar a unit, at most
/// those that 32 bits hold.
package struct Position: Sendable, Hashable {
  /// What was paid for what is held, without fees, in micro-dollars; negative for what was sold.
  package var basis: Int64
  /// Its number in the `ContractTable`.
  package var contract: Int32
  /// Units of the underlying in one.
  package var multiplier: Int32
  /// Signed; 0: the slot is free.
  package var quantity: Int32
  /// Whether the mark is a quote of its own minute; otherwise it was moved from the last one.
  package var isQuoted: Bool
  @usableFromInline var markedBid: Int32
  @usableFromInline var markedAsk: Int32
  @usableFromInline var quotedBid: Int32
  @usableFromInline var quotedAsk: Int32
  @usableFromInline var quotedModel: Int32

  /// Where it was last marked: the bid and the ask that longs and shorts are valued at.
  @inlinable @inline(__always)
  package var bid: Int {
    get { Int(markedBid) }
    set { markedBid = Int32(clamping: newValue) }
  }
  @inlinable @inline(__always)
  package var ask: Int {
    get { Int(markedAsk) }
    set { markedAsk = Int32(clamping: newValue) }
  }
  /// Its last two-sided quote, and what the model said then (0: nothing): from there an unquoted mark is moved.
  @inlinable @inline(__always)
  package var lastBid: Int {
    get { Int(quotedBid) }
    set { quotedBid = Int32(clamping: newValue) }
  }
  @inlinable @inline(__always)
  package var lastAsk: Int {
    get { Int(quotedAsk) }
    set { quotedAsk = Int32(clamping: newValue) }
  }
  @inlinable @inline(__always)
  package var lastModel: Int {
    get { Int(quotedModel) }
    set { quotedModel = Int32(clamping: newValue) }
  }

  package static let free = Position(contract: -1, multiplier: 0, quantity: 0, bid: 0, ask: 0)

  /// Marked at a quote.
  @inlinable
  package init(contract: Int32, multiplier: Int32, quantity: Int32, basis: Int64 = 0, bid: Int, ask: Int) {
    self.contract = contract
    self.multiplier = multiplier
    self.quantity = quantity
    self.basis = basis
    isQuoted = true
    (markedBid, markedAsk) = (Int32(clamping: bid), Int32(clamping: ask))
    (quotedBid, quotedAsk, quotedModel) = (markedBid, markedAsk, 0)
  }

  @inlinable
  package var isFree: Bool { quantity == 0 }

  /// Units of the underlying, signed.
  @inlinable
  package var units: Int64 { Int64(quantity) * Int64(multiplier) }

  /// At the middle, in micro-dollars.
  @inlinable
  package var middle: Int64 { units * Int64(bid + ask) * (Money.microDollarsPerTick / 2) }

  /// At the bid where it is long and at the ask where it is short, in micro-dollars.
  @inlinable
  package var liquidation: Int64 { units * Int64(quantity > 0 ? bid : ask) * Money.microDollarsPerTick }

  /// What was paid or received a unit on average, in dollars, without fees.
  package var averagePriceDollars: Double { isFree ? 0 : Double(basis) / Double(units) * 1e-6 }
}

/// What a book is worth, in micro-dollars.
package struct Marks: Sendable, Hashable {
  package var middle: Int64
  /// At the side that would have to be hit: bid for longs, ask for shorts.
  package var liquidation: Int64
  /// Positions without a quote of the minute.
  package var unquoted: Int

  @inlinable
  package init(middle: Int64 = 0, liquidation: Int64 = 0, unquoted: Int = 0) {
    self.middle = middle
    self.liquidation = liquidation
    self.unquoted = unquoted
  }
}

/// Legs that were opened by one order, so far as they are still held, in 64 bytes.
package struct LegGroup: Sendable, Hashable {
  /// The order that opened it; 0: the place is free.
  package var order: Int64
  /// Packages that are left.
  package var quantity: Int
  /// What the order that opened it was filled for, all legs and packages, without fees, in micro-dollars; negative where it brought money.
  package var openedFor: Int64
  /// As they were bought and sold, a package.
  package var legs: UpToFour<OrderLeg>
  @usableFromInline var minute: Int32
  package var openedMinute: Int { Int(minute) }

  @inlinable
  package init(order: Int64, legs: UpToFour<OrderLeg>, quantity: Int, openedFor: Int64, openedMinute: Int) {
    self.order = order
    self.legs = legs
    self.quantity = quantity
    self.openedFor = openedFor
    minute = Int32(clamping: openedMinute)
  }

  package static let free = LegGroup(
    order: 0, legs: UpToFour(OrderLeg(contract: -1, ratio: 0)), quantity: 0, openedFor: 0, openedMinute: 0)

  /// Whether a leg is on the other side of one of these.
  package func isReversed(by leg: OrderLeg) -> Bool {
    for index in legs.indices where legs[index].contract == leg.contract { return legs[index].side != leg.side }
    return false
  }

  /// The legs that give packages back: every one of them reversed.
  package var reversed: UpToFour<OrderLeg> {
    var legs = legs
    for index in legs.indices { legs[index].ratio = -legs[index].ratio }
    return legs
  }
}

/// How far the places of a book are in use: at these and behind them nothing is held. So a search looks at what an account holds, and not at all that it might.
@usableFromInline
struct BookExtent: Sendable {
  @usableFromInline var slots: Int32 = 0
  @usableFromInline var groups: Int32 = 0
}

/// One account's positions, as a window on memory that lives as long as the window knows its owner. A contract has one slot, long or short.
///
/// positions: (capacity). groups: (groupCapacity). extent: (1). Slots are not moved while they are held. owner: keeps the memory alive; nil inside of passes
/// over many lanes, which hold it themselves.
package struct Book: @unchecked Sendable {
  /// To be read: they change by what is booked, and by `hold`.
  package let positions: UnsafePointer<Position>
  package let capacity: Int
  /// As `positions`.
  package let groups: UnsafePointer<LegGroup>
  package let groupCapacity: Int
  @usableFromInline let extent: UnsafeMutablePointer<BookExtent>
  package let owner: AnyObject?

  init(
    positions: UnsafeMutablePointer<Position>, capacity: Int, groups: UnsafeMutablePointer<LegGroup>,
    groupCapacity: Int, extent: UnsafeMutablePointer<BookExtent>, owner: AnyObject? = nil
  ) {
    self.owner = owner
    self.positions = UnsafePointer(positions)
    self.capacity = capacity
    self.groups = UnsafePointer(groups)
    self.groupCapacity = groupCapacity
    self.extent = extent
  }

  /// Nothing held. The memory must be initialised, or of no consequence.
  package func open() {
    mutablePositions.update(repeating: .free, count: capacity)
    mutableGroups.update(repeating: .free, count: groupCapacity)
    extent.pointee = BookExtent()
  }

  /// Holds what an account held that was saved, and nothing else. Traps where there is more of it than places.
  package func hold(_ positions: [Position], _ groups: [LegGroup] = []) {
    precondition(
      positions.count <= capacity && groups.count <= groupCapacity,
      "\(positions.count) positions and \(groups.count) groups for \(capacity) and \(groupCapacity) places")
    open()
    for (slot, position) in positions.enumerated() { put(position, at: slot) }
    for (place, group) in groups.enumerated() { putGroup(group, at: place) }
  }

  // MARK: places

  /// Slots behind which none is held; some of them may be free.
  @inlinable
  package var usedSlots: Range<Int> { 0..<Int(extent.pointee.slots) }

  /// Places behind which no group lies; some of them may be free.
  @inlinable
  package var usedGroups: Range<Int> { 0..<Int(extent.pointee.groups) }

  @usableFromInline
  var mutablePositions: UnsafeMutablePointer<Position> { UnsafeMutablePointer(mutating: positions) }

  var mutableGroups: UnsafeMutablePointer<LegGroup> { UnsafeMutablePointer(mutating: groups) }

  /// Writes a slot, free or not.
  @inline(__always)
  func put(_ position: Position, at slot: Int) {
    mutablePositions[slot] = position
    keepExtent(of: slot)
  }

  /// How far slots are in use, behind a change of one of them.
  @inline(__always)
  func keepExtent(of slot: Int) {
    if !positions[slot].isFree {
      if slot >= extent.pointee.slots { extent.pointee.slots = Int32(slot + 1) }
      return
    }
    while extent.pointee.slots > 0, positions[Int(extent.pointee.slots) - 1].isFree { extent.pointee.slots -= 1 }
  }

  /// Writes a place of groups, free or not.
  @inline(__always)
  func putGroup(_ group: LegGroup, at place: Int) {
    mutableGroups[place] = group
    if group.order != 0 {
      if place >= extent.pointee.groups { extent.pointee.groups = Int32(place + 1) }
      return
    }
    while extent.pointee.groups > 0, groups[Int(extent.pointee.groups) - 1].order == 0 { extent.pointee.groups -= 1 }
  }

  /// The slot of a contract that is held.
  @inlinable
  package func slot(of contract: Int32) -> Int? {
    for slot in usedSlots where positions[slot].contract == contract && !positions[slot].isFree { return slot }
    return nil
  }

  @inlinable @inline(__always)
  package var freeSlot: Int? {
    for slot in usedSlots where positions[slot].isFree { return slot }
    return usedSlots.count < capacity ? usedSlots.count : nil
  }

  /// How many slots are free.
  var freeSlots: Int {
    var free = capacity - usedSlots.count
    for slot in usedSlots where positions[slot].isFree { free += 1 }
    return free
  }

  /// The first place that no group has.
  @inline(__always)
  var freePlace: Int? {
    for place in usedGroups where groups[place].order == 0 { return place }
    return usedGroups.count < groupCapacity ? usedGroups.count : nil
  }

  /// What is held of a contract, signed.
  @inlinable
  package func quantity(of contract: Int32) -> Int { slot(of: contract).map { Int(positions[$0].quantity) } ?? 0 }

  /// Where the group lies that an order opened.
  @inlinable
  package func group(openedBy order: Int64) -> Int? {
    guard order != 0 else { return nil }
    for place in usedGroups where groups[place].order == order { return place }
    return nil
  }

  /// As the positions were last marked.
  @inlinable
  package var marks: Marks {
    var marks = Marks()
    for slot in usedSlots where !positions[slot].isFree {
      marks.middle += positions[slot].middle
      marks.liquidation += positions[slot].liquidation
      if !positions[slot].isQuoted { marks.unquoted += 1 }
    }
    return marks
  }

  package var isEmpty: Bool { usedSlots.isEmpty }
}
