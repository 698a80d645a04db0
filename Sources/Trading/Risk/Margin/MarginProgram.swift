// The matching that needs the least margin among many legs: by bounds instead of by trying every way.

/// Branch and bound over the same choices as `MarginSearch`.
///
/// With fractions of lots allowed the choice is a linear program: what an end needs is the greatest of what is payable at its prices, which is linear in
/// the lots that stay uncovered and in those that a long gives to an end. Its least is a bound; where lots come out broken, both sides of the break are
/// looked at, so far as their bounds leave anything to find. Prices are added to the program as they turn out to be the worst ones.
///
/// A pair of an uncovered call and put needs no more than the dearer and the other's premium. By what they need, the dearest first, a pair is one that comes
/// first and one behind it that saves: so each uncovered lot comes first, saves or stands alone, and up to every place there are no more that save than
/// came first on the other side.
struct MarginProgram {
  /// Numbers that may be written in search of bounds: some hundredths of a second. Beyond them the best matching that was found stands.
  static let mostWork = 30_000_000

  private let search: MarginSearch
  /// Micro-dollars of one lot that all amounts are multiples of, and the largest amount in it.
  private let quantum: Int
  private let largest: Double
  /// 0 and the strikes, ascending.
  private let prices: [Int]
  /// Columns: by leg, by leg and end, and by end; -1 for none.
  private var uncovered: [Int]
  private var dear: [Int]
  private var saver: [Int]
  private var given: [Int]
  private var worst: [Int] = []
  /// (legs, ends) lots of longs that have no choice.
  private var fixed: [Int]
  /// Shorts of an end by what they need uncovered, the dearest first, a call before a put.
  private var chains: [[Int]] = []
  /// Columns that are whole in a matching.
  private var whole: [Int] = []

  private var work = 0
  /// Whether no better matching is left to find.
  private(set) var isProven = true
  /// In quanta.
  private var bestCost: Int
  private(set) var best: Matching?

  /// (legs, ends), (legs) and pairs of uncovered lots.
  struct Matching {
    var given: [Int]
    var uncovered: [Int]
    var pairs: [MarginSearch.Pair]
    /// Micro-dollars.
    var cost: Int
  }

  /// Looks for less than `search.bestCost`. search: with a matching by rule that leaves the fewest lots uncovered.
  init(_ search: MarginSearch) {
    self.search = search
    let (legs, endCount) = (search.legs, search.endCount)
    prices = Set(legs.indices.lazy.filter { search.lots[$0] > 0 }.map { legs[$0].strike } + [0]).sorted()
    var (divisor, largest) = (0, 1)
    func see(_ amount: Int) {
      divisor = MarginClass.greatestCommonDivisor(divisor, amount)
      largest = max(largest, amount)
    }
    for price in prices { see(price * search.tickAmount) }
    for leg in legs.indices where legs[leg].quantity < 0 {
      see(search.uncoveredCost[leg])
      see(search.premium[leg])
    }
    quantum = max(1, divisor)
    self.largest = Double(largest / quantum)
    uncovered = [Int](repeating: -1, count: legs.count)
    (dear, saver) = (uncovered, uncovered)
    given = [Int](repeating: -1, count: legs.count * endCount)
    fixed = [Int](repeating: 0, count: legs.count * endCount)
    bestCost = search.bestCost / quantum
    run()
  }

  private func quanta(_ amount: Int) -> Int { amount / quantum }

  private func scaled(_ amount: Int) -> Double { Double(quanta(amount)) / largest }

  // MARK: the program

  private mutating func run() {
    var (costs, upper): ([Double], [Double]) = ([], [])
    func column(_ cost: Double, _ most: Double) -> Int {
      costs.append(cost)
      upper.append(most)
      return costs.count - 1
    }
    let (legs, endCount) = (search.legs, search.endCount)
    let open = (calls: search.uncoveredByRule(.call), puts: search.uncoveredByRule(.put))
    for leg in legs.indices where search.lots[leg] > 0 {
      let lots = Double(search.lots[leg])
      if legs[leg].quantity < 0 {
        guard (legs[leg].kind == .call ? open.calls : open.puts) > 0 else { continue }
        uncovered[leg] = column(scaled(search.uncoveredCost[leg]), lots)
        whole.append(uncovered[leg])
      } else {
        let reach = search.endsReached(by: leg)
        if reach == 1 { fixed[leg * endCount] = search.lots[leg] }
        guard reach > 1 else { continue }
        for end in 0..<reach {
          given[leg * endCount + end] = column(0, lots)
          whole.append(given[leg * endCount + end])
        }
      }
    }
    for _ in 0..<endCount { worst.append(column(1, .infinity)) }
    for end in 0..<endCount {
      chains.append(chain(end))
      for leg in chains[end] {
        let lots = Double(search.lots[leg])
        dear[leg] = column(0, lots)
        saver[leg] = column(-scaled(search.uncoveredCost[leg] - search.premium[leg]), lots)
      }
    }
    var program = BoundedProgram(costs: costs, upper: upper)
    addMatching(to: &program, open: open)
    for end in 0..<endCount { addChain(chains[end], to: &program) }
    branch(program)
  }

  /// Empty where nothing can be paired.
  private func chain(_ end: Int) -> [Int] {
    let shorts = search.legs.indices.filter { uncovered[$0] >= 0 && search.legs[$0].lapse == search.ends[end] }
    let calls = shorts.count { search.legs[$0].kind == .call }
    guard calls > 0, calls < shorts.count else { return [] }
    func rank(_ leg: Int) -> (Int, Int, Int) {
      (-search.uncoveredCost[leg], search.legs[leg].kind == .call ? 0 : 1, leg)
    }
    return shorts.sorted { rank($0) < rank($1) }
  }

  /// Longs serve one end or another, and as few shorts stay uncovered as can be.
  private func addMatching(to program: inout BoundedProgram, open: (calls: Int, puts: Int)) {
    let (legs, endCount) = (search.legs, search.endCount)
    for leg in legs.indices {
      let columns = given[leg * endCount..<(leg + 1) * endCount].filter { $0 >= 0 }
      guard !columns.isEmpty else { continue }
      let lots = Double(search.lots[leg])
      program.addRow(columns.map { ($0, 1) }, lower: lots, upper: lots)
    }
    for kind in [MarginLeg.Kind.call, .put] where kind == .call || search.admitsUncovered {
      let left = kind == .call ? open.calls : open.puts
      if left > 0 {
        let columns = legs.indices.filter { uncovered[$0] >= 0 && legs[$0].kind == kind }.map { uncovered[$0] }
        program.addRow(columns.map { ($0, 1) }, lower: Double(left), upper: Double(left))
      }
      for end in 0..<endCount {
        var need = 0
        var terms: [(column: Int, coefficient: Double)] = []
        for leg in legs.indices where search.lots[leg] > 0 {
          let one = legs[leg]
          if one.quantity < 0 {
            guard one.kind == kind, one.lapse == search.ends[end] else { continue }
            need += search.lots[leg]
            if uncovered[leg] >= 0 { terms.append((uncovered[leg], 1)) }
          } else if one.kind == kind || (kind == .call && one.kind == .share) {
            need -= fixed[leg * endCount + end]
            if given[leg * endCount + end] >= 0 { terms.append((given[leg * endCount + end], 1)) }
          }
        }
        if need > 0 { program.addRow(terms, lower: Double(need), upper: .infinity) }
      }
    }
  }

  private func addChain(_ chain: [Int], to program: inout BoundedProgram) {
    for leg in chain {
      program.addRow([(dear[leg], 1), (saver[leg], 1), (uncovered[leg], -1)], lower: -.infinity, upper: 0)
    }
    for kind in [MarginLeg.Kind.call, .put] {
      var terms: [(column: Int, coefficient: Double)] = []
      for leg in chain {
        if search.legs[leg].kind == kind {
          terms.append((saver[leg], 1))
          program.addRow(terms, lower: -.infinity, upper: 0)
        } else {
          terms.append((dear[leg], -1))
        }
      }
    }
  }

  /// Micro-dollars of one lot at a price.
  private func amount(_ leg: Int, _ price: Int) -> Int { search.legs[leg].value(at: price) * search.tickAmount }

  /// What is payable at a price is no more than an end's worst.
  private func addPrice(_ price: Int, end: Int, to program: inout BoundedProgram) {
    var terms: [(column: Int, coefficient: Double)] = [(worst[end], 1)]
    var payable = 0
    for leg in search.legs.indices where search.lots[leg] > 0 {
      let each = amount(leg, price)
      guard each > 0 else { continue }
      if search.legs[leg].quantity < 0 {
        guard search.legs[leg].lapse == search.ends[end] else { continue }
        payable += search.lots[leg] * quanta(each)
        if uncovered[leg] >= 0 { terms.append((uncovered[leg], scaled(each))) }
      } else {
        let place = leg * search.endCount + end
        payable -= fixed[place] * quanta(each)
        if given[place] >= 0 { terms.append((given[place], scaled(each))) }
      }
    }
    program.addRow(terms, lower: Double(payable) / largest, upper: .infinity)
  }

  // MARK: bounds

  private static let tolerance = 1e-9
  private static let fraction = 1e-6

  private mutating func branch(_ parent: BoundedProgram) {
    var program = parent
    guard bound(&program) else { return }
    var (break_, distance) = (-1, MarginProgram.fraction)
    for column in whole {
      let value = program.value(column)
      let away = abs(value - value.rounded())
      if away > distance { (break_, distance) = (column, away) }
    }
    guard break_ >= 0 else { return take(program) }
    let value = program.value(break_)
    let (low, high) = (program.lower[break_], program.upper[break_])
    for isDown in value - value.rounded(.down) < 0.5 ? [true, false] : [false, true] {
      var next = program
      next.narrow(break_, lower: isDown ? low : value.rounded(.up), upper: isDown ? value.rounded(.down) : high)
      branch(next)
    }
  }

  /// Solves with all prices that count; false where nothing better is left in it, or nobody knows.
  private mutating func bound(_ program: inout BoundedProgram) -> Bool {
    while true {
      let before = program.work
      let outcome = program.solve(mostWork: before + MarginProgram.mostWork - work)
      work += program.work - before
      switch outcome {
      case .infeasible: return false
      case .stopped:
        isProven = false
        return false
      case .optimal: break
      }
      // Better is by one quantum at least.
      guard program.objective * largest < Double(bestCost - 1) + 1e-3 else { return false }
      var isComplete = true
      for end in 0..<search.endCount {
        guard let price = violated(end, program) else { continue }
        addPrice(price, end: end, to: &program)
        isComplete = false
      }
      if isComplete { return true }
    }
  }

  /// The price at which the most is payable beyond an end's worst.
  private func violated(_ end: Int, _ program: BoundedProgram) -> Int? {
    var held: [(leg: Int, lots: Double)] = []
    for leg in search.legs.indices where search.lots[leg] > 0 {
      if search.legs[leg].quantity < 0 {
        guard search.legs[leg].lapse == search.ends[end] else { continue }
        held.append((leg, Double(search.lots[leg]) - (uncovered[leg] < 0 ? 0 : program.value(uncovered[leg]))))
      } else {
        let place = leg * search.endCount + end
        held.append((leg, -(given[place] < 0 ? Double(fixed[place]) : program.value(given[place]))))
      }
    }
    var (most, found): (Double, Int?) = (program.value(worst[end]) + MarginProgram.tolerance, nil)
    for price in prices {
      var payable = 0.0
      for one in held { payable += one.lots * Double(search.legs[one.leg].value(at: price)) }
      payable *= Double(search.tickAmount) / Double(quantum) / largest
      if payable > most { (most, found) = (payable, price) }
    }
    return found
  }

  // MARK: a matching

  /// A program whose lots are whole is a matching; its cost is counted anew, in whole numbers.
  private mutating func take(_ program: BoundedProgram) {
    var matching = Matching(
      given: fixed, uncovered: [Int](repeating: 0, count: uncovered.count), pairs: [], cost: 0)
    func lots(_ column: Int) -> Int { Int(program.value(column).rounded()) }
    for place in given.indices where given[place] >= 0 { matching.given[place] = lots(given[place]) }
    for leg in uncovered.indices where uncovered[leg] >= 0 {
      matching.uncovered[leg] = lots(uncovered[leg])
      matching.cost += matching.uncovered[leg] * search.uncoveredCost[leg]
    }
    for chain in chains {
      pair(chain, lots, &matching)
    }
    for end in 0..<search.endCount { matching.cost += search.worst(end: end, matching) }
    // Nothing that the bound did not promise may come out.
    if Double(quanta(matching.cost)) > program.objective * largest + 0.5 { isProven = false }
    guard quanta(matching.cost) < bestCost else { return }
    bestCost = quanta(matching.cost)
    best = matching
  }

  /// Those that save are paired with the last that came first on the other side.
  private func pair(_ chain: [Int], _ lots: (Int) -> Int, _ matching: inout Matching) {
    var waiting: (calls: [(leg: Int, lots: Int)], puts: [(leg: Int, lots: Int)]) = ([], [])
    for leg in chain {
      let isCall = search.legs[leg].kind == .call
      var free = matching.uncovered[leg]
      var saving = min(lots(saver[leg]), free)
      while saving > 0, let first = isCall ? waiting.puts.last : waiting.calls.last {
        let count = min(saving, first.lots)
        if isCall { waiting.puts.removeLast() } else { waiting.calls.removeLast() }
        if first.lots > count {
          let rest = (first.leg, first.lots - count)
          if isCall { waiting.puts.append(rest) } else { waiting.calls.append(rest) }
        }
        let pair =
          isCall
          ? MarginSearch.Pair(call: leg, put: first.leg, lots: count)
          : MarginSearch.Pair(call: first.leg, put: leg, lots: count)
        matching.pairs.append(pair)
        matching.cost -= count * search.saving(pair.call, pair.put)
        saving -= count
        free -= count
      }
      let first = min(lots(dear[leg]), free)
      if first > 0 { if isCall { waiting.calls.append((leg, first)) } else { waiting.puts.append((leg, first)) } }
    }
  }
}

extension MarginSearch {
  /// What the covered combination of an end needs, in micro-dollars.
  fileprivate func worst(end: Int, _ matching: MarginProgram.Matching) -> Int {
    given.update(from: matching.given, count: matching.given.count)
    trial.update(from: matching.uncovered, count: matching.uncovered.count)
    return worst(end: end, uncovered: trial).cost
  }
}
