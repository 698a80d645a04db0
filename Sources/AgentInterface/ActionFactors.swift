// How the numbers of a policy's head fall into independent choices.

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
  public let actionCount: Int
  /// What a digit counts in an action.
  @usableFromInline let places: [Int]

  /// The most choices of all factors together: a mask holds one bit for each.
  public static let mostChoices = 64
  /// The most different actions: an action is a number of 32 bits.
  public static let mostActions = Int(Int32.max)

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
    var product = 1
    for factor in widths.indices.reversed() {
      places[factor] = product
      product *= widths[factor]
    }
    self.firsts = firsts
    self.count = count
    self.places = places
    actionCount = product
  }

  /// One choice among `count` actions. Traps outside 1 ... 64.
  public init(joint count: Int) { self.init(widths: [count]) }

  /// Why such widths make no action space, as a sentence, or nil.
  public static func problem(widths: [Int]) -> String? {
    guard !widths.isEmpty, widths.count <= mostChoices, widths.allSatisfy({ (1...mostChoices).contains($0) }) else {
      return "\(widths.count) factors: 1 to \(mostChoices) of 1 to \(mostChoices) choices are supported"
    }
    let count = widths.reduce(0, +)
    if count > mostChoices {
      return "\(widths.count) factors have \(count) choices together: at most \(mostChoices) are supported"
    }
    let actions = widths.reduce(1) { min(mostActions + 1, $0 * $1) }
    return actions > mostActions
      ? "\(widths.count) factors make more different actions than the \(mostActions) that are supported" : nil
  }

  /// Whether an action is one choice by itself.
  @inlinable
  public var isJoint: Bool { widths.count == 1 }

  /// Which of a factor's choices an action makes. Traps outside the space.
  @inlinable
  public func choice(of factor: Int, in action: Int) -> Int {
    precondition(action >= 0 && action < actionCount, "action \(action) of \(actionCount)")
    // Two divisions less where a policy is asked one thing only.
    return isJoint ? action : action / places[factor] % widths[factor]
  }

  /// By how much one choice further in a factor changes an action.
  @inlinable
  public func step(of factor: Int) -> Int { places[factor] }

  /// A factor's flags of a mask, its first choice at bit 0.
  @inlinable
  public func mask(_ mask: ActionMask, of factor: Int) -> ActionMask {
    ActionMask(rawValue: mask.rawValue >> UInt64(firsts[factor]) & ActionMask.all(count: widths[factor]).rawValue)
  }

  /// Whether every choice of an action is legal.
  @inlinable
  public func allows(_ action: Int, in mask: ActionMask) -> Bool {
    for factor in widths.indices where !mask.allows(firsts[factor] + choice(of: factor, in: action)) { return false }
    return true
  }

  /// The first factor of which a mask allows nothing; nil where every factor has a legal choice.
  @inlinable
  public func emptyFactor(of mask: ActionMask) -> Int? {
    widths.indices.first { self.mask(mask, of: $0).rawValue == 0 }
  }

  /// `mask` with every choice legal of those factors of which it allows nothing.
  package func opened(_ mask: ActionMask) -> ActionMask {
    var bits = mask.rawValue
    for factor in widths.indices where self.mask(mask, of: factor).rawValue == 0 {
      bits |= ActionMask.all(count: widths[factor]).rawValue << UInt64(firsts[factor])
    }
    return ActionMask(rawValue: bits)
  }

  /// `action` with the choice of `fallback` in every factor where its own is illegal.
  package func corrected(_ action: Int, in mask: ActionMask, fallback: Int) -> Int {
    var result = action
    for factor in widths.indices where !mask.allows(firsts[factor] + choice(of: factor, in: action)) {
      result += (choice(of: factor, in: fallback) - choice(of: factor, in: action)) * places[factor]
    }
    return result
  }
}
