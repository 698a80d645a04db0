// The memory of many accounts at once, lane beside lane.

import Kernels

/// Accounts of N lanes, each a window on arrays that all share: a book, a ledger and what was taken of the market. One account is lane 0 of one; there is no
/// other way to keep an account, so that one and many are booked, marked and settled by the same code.
///
/// positions: (N, capacity). groups: (N, groupCapacity). extents, cash, start, sums: (N). Nothing is allocated after the beginning.
/// The windows that are handed out keep it alive.
package final class LaneAccounts: @unchecked Sendable {
  package let laneCount: Int
  package let capacity: Int
  package let groupCapacity: Int
  private let positions: UnsafeMutablePointer<Position>
  private let groups: UnsafeMutablePointer<LegGroup>
  private let extents: UnsafeMutablePointer<BookExtent>
  private let cash: UnsafeMutablePointer<Int64>
  private let start: UnsafeMutablePointer<Int64>
  private let sums: UnsafeMutablePointer<ValueStep>

  /// Nothing held, no cash: see `open`. Traps where there is no lane, or no slot.
  package init(laneCount: Int, capacity: Int = 8, groupCapacity: Int? = nil) {
    precondition(laneCount > 0 && capacity > 0, "\(laneCount) lanes of \(capacity) slots")
    self.laneCount = laneCount
    self.capacity = capacity
    self.groupCapacity = groupCapacity ?? capacity
    func memory<Element>(_ element: Element, _ each: Int) -> UnsafeMutablePointer<Element> {
      // Books of eight slots are whole lines of a processor's cache, and begin one.
      let memory = UnsafeMutableRawPointer.allocate(
        byteCount: laneCount * each * MemoryLayout<Element>.stride, alignment: Prefetch.line
      ).bindMemory(to: Element.self, capacity: laneCount * each)
      memory.initialize(repeating: element, count: laneCount * each)
      return memory
    }
    positions = memory(.free, capacity)
    groups = memory(.free, self.groupCapacity)
    extents = memory(BookExtent(), 1)
    cash = memory(0, 1)
    start = memory(0, 1)
    sums = memory(ValueStep(), 1)
  }

  deinit {
    positions.deallocate()
    groups.deallocate()
    extents.deallocate()
    cash.deallocate()
    start.deallocate()
    sums.deallocate()
  }

  /// Traps outside of 0..<laneCount.
  package func book(_ lane: Int) -> Book { bookWindow(lane, owner: self) }

  /// Traps outside of 0..<laneCount.
  package func ledger(_ lane: Int) -> Ledger { ledgerWindow(lane, owner: self) }

  /// owner: nil where the caller holds the accounts for as long as the window is used, and nobody counts who does.
  @inline(__always)
  package func bookWindow(_ lane: Int, owner: LaneAccounts?) -> Book {
    precondition(lane >= 0 && lane < laneCount, "lane \(lane) of \(laneCount)")
    return Book(
      positions: positions + lane * capacity, capacity: capacity, groups: groups + lane * groupCapacity,
      groupCapacity: groupCapacity, extent: extents + lane, owner: owner)
  }

  @inline(__always)
  package func ledgerWindow(_ lane: Int, owner: LaneAccounts?) -> Ledger {
    precondition(lane >= 0 && lane < laneCount, "lane \(lane) of \(laneCount)")
    return Ledger(cash: cash + lane, start: start + lane, sums: sums + lane, owner: owner)
  }

  /// A lane begins anew: so much cash, and nothing held.
  package func open(_ lane: Int, cashMicroDollars: Int64) {
    book(lane).open()
    ledger(lane).open(cashMicroDollars: cashMicroDollars)
  }
}

extension LaneAccounts {
  /// One account for as long as `body` runs, without memory of the heap: nothing held, and no cash. Neither window may leave `body`.
  package static func withTemporary<Result>(
    capacity: Int, groupCapacity: Int, _ body: (Book, Ledger) -> Result
  ) -> Result {
    var (extent, cash, start, sums) = (BookExtent(), Int64(0), Int64(0), ValueStep())
    return withUnsafeTemporaryAllocation(of: Position.self, capacity: capacity) { positions in
      withUnsafeTemporaryAllocation(of: LegGroup.self, capacity: groupCapacity) { groups in
        guard let positions = positions.baseAddress, let groups = groups.baseAddress else {
          preconditionFailure("memory of \(capacity) slots and \(groupCapacity) places")
        }
        return withUnsafeMutablePointer(to: &extent) { extent in
          withUnsafeMutablePointer(to: &cash) { cash in
            withUnsafeMutablePointer(to: &start) { start in
              withUnsafeMutablePointer(to: &sums) { sums in
                let book = Book(
                  positions: positions, capacity: capacity, groups: groups, groupCapacity: groupCapacity,
                  extent: extent)
                book.open()
                return body(book, Ledger(cash: cash, start: start, sums: sums))
              }
            }
          }
        }
      }
    }
  }
}
