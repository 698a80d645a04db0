// How longs are matched to shorts where there are too many ways to try them all.

/// The rule: the shorts that end last are served first. Calls take shares, then the long calls of the lowest strikes; puts the long puts of the highest;
/// what is left over serves the latest end that it lasts to. Where longs are too few the calls of the highest strikes and the puts of the lowest stay
/// uncovered. Those are paired in the order of what they need, the dearest first. It covers as many shorts as can be covered, and may need more than
/// the least: it is where `MarginProgram` begins.
extension MarginSearch {
  mutating func assignByRule() {
    given.update(repeating: 0, count: legs.count * endCount)
    for leg in 0..<legs.count {
      trial[leg] = 0
      rest[leg] = legs[leg].quantity > 0 ? lots[leg] : 0
    }
    for end in (0..<endCount).reversed() {
      serve(.call, end: end)
      serve(.put, end: end)
    }
    for leg in 0..<legs.count where rest[leg] > 0 {
      guard let last = (0..<endCount).last(where: { ends[$0] <= legs[leg].lapse }) else { continue }
      given[leg * endCount + last] += rest[leg]
    }
  }

  /// Lots of a kind that no matching can cover: those that the rule leaves, behind `assignByRule`.
  func uncoveredByRule(_ kind: MarginLeg.Kind) -> Int {
    guard kind == .call || admitsUncovered else { return 0 }
    return (0..<endCount).reduce(0) { $0 + uncovered(kind, end: $1) }
  }

  private mutating func serve(_ kind: MarginLeg.Kind, end: Int) {
    var need = 0
    for leg in 0..<legs.count where isShort(leg, kind, end: end) { need += lots[leg] }
    while need > 0, let best = bestCover(kind, end: end) {
      let count = min(need, rest[best])
      given[best * endCount + end] += count
      rest[best] -= count
      need -= count
    }
  }

  private func isShort(_ leg: Int, _ kind: MarginLeg.Kind, end: Int) -> Bool {
    legs[leg].quantity < 0 && legs[leg].kind == kind && legs[leg].lapse == ends[end]
  }

  /// Shares have no strike, so that for calls they come first.
  private func bestCover(_ kind: MarginLeg.Kind, end: Int) -> Int? {
    var best: Int?
    for leg in 0..<legs.count where rest[leg] > 0 && legs[leg].lapse >= ends[end] {
      guard legs[leg].kind == kind || (kind == .call && legs[leg].kind == .share) else { continue }
      guard let other = best else {
        best = leg
        continue
      }
      let (strike, before) = (legs[leg].strike, legs[other].strike)
      if kind == .call ? strike < before : strike > before { best = leg }
    }
    return best
  }

  /// Leaves so many lots of a kind uncovered in `trial`.
  mutating func leaveByRule(_ kind: MarginLeg.Kind, end: Int, count: Int) {
    var left = count
    while left > 0 {
      var next: Int?
      for leg in 0..<legs.count where isShort(leg, kind, end: end) && trial[leg] < lots[leg] {
        guard let other = next else {
          next = leg
          continue
        }
        let (strike, before) = (legs[leg].strike, legs[other].strike)
        if kind == .call ? strike > before : strike < before { next = leg }
      }
      guard let next else { return }
      trial[next] = min(lots[next], left)
      left -= trial[next]
    }
  }

  /// What pairing what is in `rest` saves by the rule.
  mutating func savingByRule() -> Int {
    var sum = 0
    while let pair = takePairByRule() { sum += pair.lots * saving(pair.call, pair.put) }
    return sum
  }

  /// The next pair, which leaves `rest`.
  mutating func takePairByRule() -> Pair? {
    guard let call = dearest(.call), let put = dearest(.put) else { return nil }
    let count = min(rest[call], rest[put])
    rest[call] -= count
    rest[put] -= count
    return Pair(call: call, put: put, lots: count)
  }

  private func dearest(_ kind: MarginLeg.Kind) -> Int? {
    var best: Int?
    for leg in 0..<legs.count where rest[leg] > 0 && legs[leg].kind == kind {
      if best.map({ uncoveredCost[leg] > uncoveredCost[$0] }) ?? true { best = leg }
    }
    return best
  }
}
