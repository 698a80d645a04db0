// Orders of many lanes that work: limits, stops, and what else is not filled in one pass.

/// The working orders of N lanes, walked minute by minute: each lane as a single account is, so that the two are equal to the bit.
///
/// Market orders that are decided and filled in one step have a shorter way: `Execution.fill`.
package struct LaneOrders: Sendable {
  /// (lanes)
  package private(set) var lanes: [WorkingOrders]

  /// Nothing works. capacity: orders of each lane that work without memory being asked for. Traps where there is no lane.
  package init(laneCount: Int, capacity: Int = 8) {
    precondition(laneCount > 0, "\(laneCount) lanes")
    lanes = (0..<laneCount).map { WorkingOrders(capacity: capacity, lane: UInt32($0)) }
  }

  /// See `WorkingOrders.submit`. Traps outside of the lanes.
  package mutating func submit(
    _ order: Order, lane: Int, _ execution: Execution, on quotes: LaneQuotes, log: (OrderEvent) -> Void = { _ in }
  ) {
    lanes[lane].submit(order, execution, view: quotes.view(lane), log: log)
  }

  /// Takes an order back; false where none of that number works in the lane.
  package mutating func cancel(
    _ id: Int64, lane: Int, minute: Int, log: (OrderEvent) -> Void = { _ in }
  ) -> Bool {
    lanes[lane].cancel(id, minute: minute, log: log)
  }

  /// Walks the minute that each lane is in, and books what is filled. An order is permitted what its lane's book permits it, and of that what `permits` does.
  ///
  /// permits: lane, order, packages. filled: lane and what was booked. Lanes outside of `some` are not touched.
  package mutating func advance(
    _ some: Range<Int>, _ execution: Execution, on quotes: LaneQuotes, in table: ContractTable, accounts: LaneAccounts,
    liquidity: LiquidityMemory, permits: (Int, Order, Int) -> Int = { $2 },
    log: (Int, OrderEvent) -> Void = { _, _ in },
    filled: (Int, OrderFill) -> Void = { _, _ in }
  ) {
    for lane in some where !lanes[lane].isEmpty {
      let (book, ledger) = (accounts.bookWindow(lane, owner: nil), accounts.ledgerWindow(lane, owner: nil))
      lanes[lane].advance(
        minute: quotes.minute(lane), execution, view: quotes.view(lane), ledger: liquidity.window(lane, owner: nil),
        permits: { order, packages in
          let permitted = book.permitted(order, packages, in: table)
          return permitted > 0 ? min(permitted, permits(lane, order, permitted)) : 0
        },
        log: { log(lane, $0) },
        fill: { fill in
          book.apply(fill, to: ledger)
          filled(lane, fill)
        })
    }
  }

  /// Ends the session of some lanes; see `WorkingOrders.endSession`.
  package mutating func endSession(
    _ some: Range<Int>, _ execution: Execution, minute: Int, log: (Int, OrderEvent) -> Void = { _, _ in }
  ) {
    for lane in some { lanes[lane].endSession(execution, minute: minute) { log(lane, $0) } }
  }
}
