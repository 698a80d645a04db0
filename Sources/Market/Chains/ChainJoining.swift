// Two files' quotes of one session as one.

extension ChainSession {
  /// The quotes of both, whose contracts are numbered alike: what either says, and where both say something else, what the other says. `revised` grows by the
  /// number of such values.
  package func joined(with other: ChainSession, _ revised: inout Int) -> ChainSession {
    let contracts = Array(Set(self.contracts).union(other.contracts)).sorted()
    let minutes = Array(Set(self.minutes).union(other.minutes)).sorted()
    func places(_ all: [Int32], _ own: [Int32]) -> [Int] {
      var place = 0
      return own.map { value in
        while all[place] != value { place += 1 }
        return place
      }
    }
    var count = revised
    func put(_ values: [Int32], at cells: [Int], into joined: inout [Int32]) {
      for (cell, value) in zip(cells, values) where value != ChainValue.none {
        if joined[cell] != ChainValue.none, joined[cell] != value { count += 1 }
        joined[cell] = value
      }
    }
    func merged(_ first: [Int32], _ firstCells: [Int], _ second: [Int32], _ secondCells: [Int], count: Int) -> [Int32] {
      guard !first.isEmpty || !second.isEmpty else { return [] }
      var joined = [Int32](repeating: ChainValue.none, count: count)
      put(first, at: firstCells, into: &joined)
      put(second, at: secondCells, into: &joined)
      return joined
    }
    let slots = (places(contracts, self.contracts), places(contracts, other.contracts))
    let blocks = (places(minutes, self.minutes), places(minutes, other.minutes))
    func cells(_ blocks: [Int], _ slots: [Int]) -> [Int] {
      blocks.flatMap { block in slots.map { block * contracts.count + $0 } }
    }
    let (own, added) = (cells(blocks.0, slots.0), cells(blocks.1, slots.1))
    let columns = ChainColumn.allCases.map { column in
      merged(
        self.columns[column.rawValue], own, other.columns[column.rawValue], added,
        count: contracts.count * minutes.count)
    }
    let openInterest = merged(self.openInterest, slots.0, other.openInterest, slots.1, count: contracts.count)
    let underlying = merged(self.underlying, blocks.0, other.underlying, blocks.1, count: minutes.count)
    revised = count
    return ChainSession(
      date: date, isExtendedHours: isExtendedHours, contracts: contracts, minutes: minutes, columns: columns,
      openInterest: openInterest, underlying: underlying)
  }
}
