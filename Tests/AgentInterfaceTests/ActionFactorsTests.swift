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
    ([32, 33], "65 choices together: at most 64"), ([Int](repeating: 3, count: 20), "more different actions"),
    ([Int](repeating: 2, count: 31), "more different actions"),
  ])
  func `what is too large is said in a sentence`(widths: [Int], words: String) throws {
    let problem = try #require(ActionFactors.problem(widths: widths))
    #expect(problem.contains(words), "\(problem)")
  }

  @Test func `what fits is taken`() {
    for widths in [[1], [64], [Int](repeating: 3, count: 19), [Int](repeating: 2, count: 30), [1, 1, 1], [60, 4]] {
      #expect(ActionFactors.problem(widths: widths) == nil)
      let factors = ActionFactors(widths: widths)
      // The last action makes the last choice everywhere.
      #expect(widths.indices.allSatisfy { factors.choice(of: $0, in: factors.actionCount - 1) == widths[$0] - 1 })
    }
  }
}

extension ActionSpace.Order {
  fileprivate init(subject: String, choice: String) {
    let space = ActionSpace(independent: [.init(subject: subject, choices: [choice])], fallback: nil)
    self = space.orders(of: 0)[0]
  }
}
