// How the numbers of a policy's head fall into independent choices.

/// An action as one number. 64 choices of three make 3 to the 64th of them, which 128 bits hold.
public typealias ActionNumber = Int128

/// The choices that an action is made of, side by side in a policy's head: one softmax each.
///
/// An action is one number all the same. The choices are its digits, the first the most significant; a joint action space is one choice, whose digit is the
/// action. A head has A numbers, the choices of the first factor, then those of the second and so on, and a mask has one flag for each of them.
public struct ActionFactors: Hashable, Codable, Sendable {
  /// Choices of each factor; their sum is A.
  public let widths: [Int]
  /// Where each factor's choices begin among the A.
  public let firsts: [Int]
  /// A, the numbers of the head and the flags of a mask.
  public let count: Int
  /// Different actions: the product of the widths.
  public let actionCount: ActionNumber
  /// 32-bit words in which an action lies in memory and files: 1, its number, where that holds every action; else a word for each choice.
  public let actionWords: Int
  /// What a digit counts in its half of an action. A number is taken apart in two halves, of which 64 bits hold each.
  @usableFromInline let places: [Int]
  /// The first factor of the lower half: 0 where that is the whole number.
  @usableFromInline let firstLower: Int
  /// Different lower halves.
  @usableFromInline let lowerCount: ActionNumber

  /// The most choices of all factors together: a mask holds one bit for each.
  public static let mostChoices = 192
  /// The most factors. That many of `mostChoices` together make at most 3 to the 64th actions, which an `ActionNumber` holds.
  public static let mostFactors = 64
  /// The most choices of one factor, and the most actions that are chosen among jointly.
  public static let mostOfOne = 64
  /// The most different actions of which one lies in memory as its number.
  private static let mostInWord = ActionNumber(Int32.max)

  /// Factors of so many choices each. Traps where `problem` finds one.
  public init(widths: [Int]) {
    if let problem = ActionFactors.problem(widths: widths) { preconditionFailure(problem) }
    self.widths = widths
    var (firsts, count): ([Int], Int) = ([], 0)
    for width in widths {
      firsts.append(count)
      count += width
    }
    var places = [Int](repeating: 1, count: widths.count)
    var (product, firstLower, lowerCount) = (1, 0, ActionNumber(1))
    for factor in widths.indices.reversed() {
      if product > Int.max / ActionFactors.mostOfOne {
        (firstLower, lowerCount, product) = (factor + 1, ActionNumber(product), 1)
      }
      places[factor] = product
      product *= widths[factor]
    }
    self.firsts = firsts
    self.count = count
    self.places = places
    self.firstLower = firstLower
    self.lowerCount = lowerCount
    actionCount = ActionNumber(product) * lowerCount
    actionWords = actionCount <= ActionFactors.mostInWord ? 1 : widths.count
  }

  /// One choice among `count` actions. Traps outside 1 ... 64.
  public init(joint count: Int) { self.init(widths: [count]) }

  /// The most choices of one factor, chosen jointly: actions and masks of one word.
  package static let one = ActionFactors(joint: mostOfOne)

  /// Why such widths make no action space, as a sentence, or nil.
  public static func problem(widths: [Int]) -> String? {
    guard (1...mostFactors).contains(widths.count), widths.allSatisfy({ (1...mostOfOne).contains($0) }) else {
      return "\(widths.count) factors: 1 to \(mostFactors) of 1 to \(mostOfOne) choices are supported"
    }
    let count = widths.reduce(0, +)
    return count > mostChoices
      ? "\(widths.count) factors have \(count) choices together: at most \(mostChoices) are supported" : nil
  }

  /// Whether an action is one choice by itself.
  @inlinable
  public var isJoint: Bool { widths.count == 1 }

  /// Which of a factor's choices an action makes. Traps outside the space.
  @inlinable
  public func choice(of factor: Int, in action: ActionNumber) -> Int { choice(of: factor, in: halves(of: action)) }

  /// An action as two numbers of 64 bits: what is asked of each factor in turn is then divided fast. Traps outside the space.
  @inlinable
  package func halves(of action: ActionNumber) -> (upper: Int, lower: Int) {
    precondition(action >= 0 && action < actionCount, "action \(action) of \(actionCount)")
    if firstLower == 0 { return (0, Int(truncatingIfNeeded: action)) }
    let (upper, lower) = action.quotientAndRemainder(dividingBy: lowerCount)
    return (Int(truncatingIfNeeded: upper), Int(truncatingIfNeeded: lower))
  }

  /// Which of a factor's choices an action of such halves makes.
  @inlinable
  package func choice(of factor: Int, in halves: (upper: Int, lower: Int)) -> Int {
    // Two divisions less where a policy is asked one thing only.
    if isJoint { return halves.lower }
    return (factor < firstLower ? halves.upper : halves.lower) / places[factor] % widths[factor]
  }

  /// By how much one choice further in a factor changes an action.
  @inlinable
  public func step(of factor: Int) -> ActionNumber {
    factor < firstLower ? ActionNumber(places[factor]) * lowerCount : ActionNumber(places[factor])
  }

  /// The action that makes these choices, one of each factor. Traps on another number of them, and on choices that a factor does not have.
  public func action(ofChoices choices: some Collection<Int>) -> ActionNumber {
    precondition(choices.count == widths.count, "\(choices.count) choices of \(widths.count) factors")
    var action: ActionNumber = 0
    for (factor, choice) in choices.enumerated() {
      precondition((0..<widths[factor]).contains(choice), "choice \(choice) of \(widths[factor])")
      action += ActionNumber(choice) * step(of: factor)
    }
    return action
  }

  /// A factor's flags of a mask, its first choice at bit 0.
  @inlinable
  public func mask(_ mask: ActionMask, of factor: Int) -> ActionMask {
    ActionMask(rawValue: mask.bits(from: firsts[factor]) & ActionMask.all(count: widths[factor]).rawValue)
  }

  /// Whether every choice of an action is legal.
  @inlinable
  public func allows(_ action: ActionNumber, in mask: ActionMask) -> Bool {
    let halves = halves(of: action)
    for factor in widths.indices where !mask.allows(firsts[factor] + choice(of: factor, in: halves)) { return false }
    return true
  }

  /// The first factor of which a mask allows nothing; nil where every factor has a legal choice.
  @inlinable
  public func emptyFactor(of mask: ActionMask) -> Int? {
    widths.indices.first { self.mask(mask, of: $0).rawValue == 0 }
  }

  /// 64-bit words in which a mask lies in memory.
  @inlinable
  package var maskWords: Int { (count + 63) / 64 }

  /// `mask` with every choice legal of those factors of which it allows nothing.
  package func opened(_ mask: ActionMask) -> ActionMask {
    var opened = mask
    for factor in widths.indices where self.mask(mask, of: factor).rawValue == 0 {
      opened = opened.allowing(ActionMask.all(count: widths[factor]).rawValue, from: firsts[factor])
    }
    return opened
  }

  /// `action` with the choice of `fallback` in every factor where its own is illegal.
  package func corrected(_ action: ActionNumber, in mask: ActionMask, fallback: ActionNumber) -> ActionNumber {
    var result = action
    let halves = halves(of: action)
    for factor in widths.indices {
      let own = choice(of: factor, in: halves)
      guard !mask.allows(firsts[factor] + own) else { continue }
      result += ActionNumber(choice(of: factor, in: fallback) - own) * step(of: factor)
    }
    return result
  }

  // MARK: As it lies in memory

  /// Columns of a table of actions; nil where each is a number, and the table a list.
  package var width: Int? { actionWords > 1 ? actionWords : nil }

  /// The action whose `actionWords` words these are. What they say is believed: a choice that its factor does not have gives some other action, or none.
  @inlinable
  package func action(_ words: UnsafePointer<Int32>) -> ActionNumber {
    // The usual action without a call, which would count who holds the tables.
    actionWords > 1 ? action(choices: words) : ActionNumber(words[0])
  }

  @usableFromInline
  package func action(choices words: UnsafePointer<Int32>) -> ActionNumber {
    var action: ActionNumber = 0
    for factor in widths.indices { action += ActionNumber(words[factor]) * step(of: factor) }
    return action
  }

  /// Writes an action's `actionWords` words. Traps outside the space.
  @inlinable
  package func write(_ action: ActionNumber, to words: UnsafeMutablePointer<Int32>) {
    if actionWords > 1 { write(choicesOf: action, to: words) } else { words[0] = Int32(action) }
  }

  @usableFromInline
  package func write(choicesOf action: ActionNumber, to words: UnsafeMutablePointer<Int32>) {
    let halves = halves(of: action)
    for factor in widths.indices { words[factor] = Int32(choice(of: factor, in: halves)) }
  }

  /// An action's `actionWords` words, as files keep them. Traps outside the space.
  package func integers(_ action: ActionNumber) -> [Int64] {
    guard actionWords > 1 else { return [Int64(action)] }
    let halves = halves(of: action)
    return widths.indices.map { Int64(choice(of: $0, in: halves)) }
  }

  /// The action of words that a file kept, `actionWords` of them; nil where no action of the space has such.
  package func action(integers: some Collection<Int64>) -> ActionNumber? {
    guard integers.count == actionWords else { return nil }
    if actionWords == 1 {
      return integers.first.map { ActionNumber($0) }.flatMap { (0..<actionCount).contains($0) ? $0 : nil }
    }
    var action: ActionNumber = 0
    for (factor, choice) in integers.enumerated() {
      guard (0..<Int64(widths[factor])).contains(choice) else { return nil }
      action += ActionNumber(choice) * step(of: factor)
    }
    return action
  }
}
