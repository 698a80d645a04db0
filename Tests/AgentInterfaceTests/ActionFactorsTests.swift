// Actions that are made of independent choices: digits, masks and names.

import AgentInterface
import Testing

struct ActionFactorsTests {
  private let factors = ActionFactors(widths: [3, 2, 4])
  private let space = ActionSpace(
    independent: [
      .init(subject: "AAA", choices: ["sell", "hold", "buy"]), .init(subject: "BBB", choices: ["hold", "buy"]),
      .init(subject: "CCC", choices: ["w", "x", "y", "z"]),
    ], fallback: [1, 0, 3])

  @Test func `an action's digits are its choices, the first the most significant`() {
    #expect(factors.count == 9 && factors.actionCount == 24 && factors.firsts == [0, 3, 5] && !factors.isJoint)
    var seen: Set<[Int]> = []
    for action in 0..<24 {
      let choices = (0..<3).map { factors.choice(of: $0, in: ActionNumber(action)) }
      #expect(choices[0] * 8 + choices[1] * 4 + choices[2] == action)
      #expect(space.choices(of: ActionNumber(action)) == choices)
      seen.insert(choices)
    }
    #expect(seen.count == 24)
    let joint = ActionFactors(joint: 24)
    #expect(joint.isJoint && (0..<24).allSatisfy { joint.choice(of: 0, in: $0) == $0 } && joint.step(of: 0) == 1)
  }

  @Test func `a mask allows an action where it allows each of its choices`() {
    // The second of the first, both of the second, the first and the last of the third.
    let mask = ActionMask(rawValue: 0b1001_11_010)
    #expect((0..<3).map { factors.mask(mask, of: $0).rawValue } == [0b010, 0b11, 0b1001])
    let legal = (0..<24).filter { factors.allows($0, in: mask) }
    #expect(legal == [8, 11, 12, 15])
    #expect(factors.emptyFactor(of: mask) == nil)
    let empty = ActionMask(rawValue: 0b1001_00_010)
    #expect(factors.emptyFactor(of: empty) == 1 && factors.opened(empty) == mask && factors.opened(mask) == mask)
    #expect(factors.emptyFactor(of: ActionMask(rawValue: 0)) == 0)
    // What is illegal becomes the fallback's choice, what is legal stays.
    for action in 0..<24 {
      let corrected = factors.corrected(ActionNumber(action), in: mask, fallback: 8 + 3)
      let (before, after) = (space.choices(of: ActionNumber(action)), space.choices(of: corrected))
      #expect(after[0] == 1 && after[1] == before[1] && after[2] == (before[2] == 0 ? 0 : 3))
    }
  }

  @Test func `names tell every choice`() {
    #expect(space.count == 9 && space.actionCount == 24 && space.isFactored && space.heads == factors)
    #expect(space.names[0...4] == ["sell AAA", "hold AAA", "buy AAA", "hold BBB", "buy BBB"])
    #expect(space.fallback == 11 && space.name(of: 11) == "hold AAA, hold BBB, z CCC")
    #expect(space.orders(atPlace: 4) == [.init(subject: "BBB", choice: "buy")])
    #expect(space.orders(of: 4).map(\.choice) == ["sell", "buy", "w"])
    #expect(space.shortName(of: 11) == space.name(of: 11))
    let alike = ActionSpace(
      independent: (1...8).map { .init(subject: "S\($0)", choices: ["sell", "hold", "buy"]) },
      fallback: [Int](repeating: 1, count: 8))
    #expect(alike.fallback.map { alike.shortName(of: $0) } == "hold in all 8")
    let joint = ActionSpace(names: ["a", "b"], fallback: 1)
    #expect(joint.heads == ActionFactors(joint: 2) && joint.actionCount == 2 && joint.name(of: 1) == "b")
  }

  @Test(arguments: [
    ([], "0 factors"), ([0], "1 factors: 1 to 64 of 1 to 64 choices"), ([65], "1 to 64 choices"),
    ([64, 64, 64, 1], "193 choices together: at most 192"), ([Int](repeating: 1, count: 65), "65 factors: 1 to 64"),
  ])
  func `what is too large is said in a sentence`(widths: [Int], words: String) throws {
    let problem = try #require(ActionFactors.problem(widths: widths))
    #expect(problem.contains(words), "\(problem)")
  }

  @Test func `what fits is taken`() {
    for widths in [
      [1], [64], [Int](repeating: 2, count: 30), [Int](repeating: 2, count: 64), [1, 1, 1], [60, 4], [64, 64, 64],
      [Int](repeating: 1, count: 64),
    ] + ActionFactorsTests.borders.map({ [Int](repeating: 3, count: $0) }) {
      #expect(ActionFactors.problem(widths: widths) == nil)
      let factors = ActionFactors(widths: widths)
      // The last action makes the last choice everywhere.
      #expect(widths.indices.allSatisfy { factors.choice(of: $0, in: factors.actionCount - 1) == widths[$0] - 1 })
      #expect(factors.action(ofChoices: widths.map { $0 - 1 }) == factors.actionCount - 1)
      #expect(factors.action(ofChoices: widths.map { _ in 0 }) == 0)
    }
  }

  /// Choices of three at whose number something changes: an action that 32 bits hold, a mask of one word, of two, a number of 64 bits.
  private static let borders = [19, 20, 21, 22, 36, 37, 39, 40, 41, 42, 43, 64]

  @Test(arguments: borders)
  func `an action is its digits, however many they are`(count: Int) {
    let factors = ActionFactors(widths: [Int](repeating: 3, count: count))
    #expect(factors.actionWords == (count <= 19 ? 1 : count) && factors.maskWords == (3 * count + 63) / 64)
    #expect(factors.actionCount == (0..<count).reduce(ActionNumber(1)) { product, _ in 3 * product })
    var memory = [Int32](repeating: -1, count: 3 * factors.actionWords)
    for turn in 0..<50 {
      let choices = (0..<count).map { ($0 * $0 + turn * (2 * $0 + 1) + turn) % 3 }
      let action = choices.reduce(ActionNumber(0)) { 3 * $0 + ActionNumber($1) }
      #expect(factors.action(ofChoices: choices) == action)
      #expect((0..<count).map { factors.choice(of: $0, in: action) } == choices)
      // In the middle of three rows, and nowhere else.
      memory.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        let rows = ActionRows(base, factors)
        rows[1] = action
        #expect(rows[1] == action && rows.from(1)[0] == action)
        #expect(rows.integers(1) == factors.integers(action))
      }
      #expect(memory.prefix(factors.actionWords).allSatisfy { $0 == -1 })
      #expect(memory.suffix(factors.actionWords).allSatisfy { $0 == -1 })
      let words = factors.integers(action)
      #expect(words == (count <= 19 ? [Int64(action)] : choices.map { Int64($0) }))
      #expect(factors.action(integers: words) == action)
      // A factor further changes its own digit alone.
      let place = turn % count
      if choices[place] < 2 {
        var further = choices
        further[place] += 1
        #expect(factors.action(ofChoices: further) == action + factors.step(of: place))
      }
    }
  }

  @Test(arguments: [19, 20, 64])
  func `words that no action has are none`(count: Int) {
    let factors = ActionFactors(widths: [Int](repeating: 3, count: count))
    let good = factors.integers(0)
    #expect(factors.action(integers: good) == 0)
    #expect(factors.action(integers: good + [0]) == nil && factors.action(integers: good.dropLast()) == nil)
    for bad in [-1, .min, .max, count <= 19 ? Int64(factors.actionCount) : 3] {
      #expect(factors.action(integers: good.dropLast() + [bad]) == nil, "\(bad)")
    }
  }

  @Test(arguments: borders)
  func `a mask's flags are where their factors are`(count: Int) {
    let factors = ActionFactors(widths: [Int](repeating: 3, count: count))
    let flags = (0..<3 * count).map { $0 % 3 == 1 || $0 * $0 % 7 == 2 }
    let mask = ActionMask(flags)
    #expect((0..<3 * count).map { mask.allows($0) } == flags && mask.legalCount == flags.count { $0 })
    for factor in 0..<count {
      #expect((0..<3).map { factors.mask(mask, of: factor).allows($0) } == Array(flags[3 * factor..<3 * factor + 3]))
    }
    let all = ActionMask.all(count: factors.count)
    #expect(all.legalCount == 3 * count && all.highest == 3 * count - 1 && mask.isWithin(all))
    #expect(all.intersection(mask) == mask && mask.highest == flags.lastIndex(of: true))
    #expect(factors.emptyFactor(of: mask) == nil && factors.opened(mask) == mask)
    // The last factor without a choice.
    let empty = ActionMask(flags.dropLast(3))
    #expect(factors.emptyFactor(of: empty) == count - 1 && factors.emptyFactor(of: ActionMask(rawValue: 0)) == 0)
    #expect(factors.opened(empty) == ActionMask(flags.dropLast(3) + [true, true, true]))
    var memory = [UInt64](repeating: 7, count: 3 * factors.maskWords)
    memory.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let rows = MaskRows(base, words: factors.maskWords)
      rows[1] = mask
      #expect(rows[1] == mask && rows.from(1)[0] == mask)
      #expect(rows.integers(1) == [Int64](repeating: 7, count: factors.maskWords))
    }
    #expect(memory.prefix(factors.maskWords).allSatisfy { $0 == 7 })
    #expect(memory.suffix(factors.maskWords).allSatisfy { $0 == 7 })
    // An illegal choice becomes the fallback's, a legal one stays.
    let (wanted, hold) = ((0..<count).map { $0 * 2 % 3 }, (0..<count).map { _ in 1 })
    let corrected = factors.corrected(
      factors.action(ofChoices: wanted), in: mask, fallback: factors.action(ofChoices: hold))
    #expect(
      (0..<count).map { factors.choice(of: $0, in: corrected) }
        == (0..<count).map { flags[3 * $0 + wanted[$0]] ? wanted[$0] : 1 })
    #expect(factors.allows(corrected, in: mask))
  }
}

extension ActionSpace.Order {
  fileprivate init(subject: String, choice: String) {
    let space = ActionSpace(independent: [.init(subject: subject, choices: [choice])], fallback: nil)
    self = space.orders(of: 0)[0]
  }
}
