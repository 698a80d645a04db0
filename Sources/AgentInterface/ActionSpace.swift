// What an agent may choose: named discrete actions.

/// Discrete actions by name. `fallback` is the action that an illegal request becomes (hold), where there is one.
///
/// Actions are chosen among jointly, or, where there are too many of them, made of independent choices: see `ActionFactors`.
public struct ActionSpace: Hashable, Codable, Sendable {
  /// One of the independent choices that an action is made of: what is ordered of one subject.
  public struct Factor: Hashable, Codable, Sendable {
    /// Whom the choice concerns, for example a symbol.
    public let subject: String
    /// What may be chosen, for example sell, hold and buy; different words.
    public let choices: [String]

    /// A factor. Traps without choices.
    public init(subject: String, choices: [String]) {
      precondition(!choices.isEmpty, "a factor without choices")
      self.subject = subject
      self.choices = choices
    }
  }

  /// What an action orders of one subject.
  public struct Order: Hashable, Sendable {
    /// Whom it concerns; empty where an action is one choice by itself.
    public let subject: String
    /// Which of the subject's choices it is.
    public let choice: String
  }

  /// What the numbers of a policy's head stand for: the actions; where they are factored, the choices of all factors, one factor behind the other.
  public let names: [String]
  /// The action that replaces an illegal request, where the environment has one; where actions are factored it does so choice by choice.
  public let fallback: ActionNumber?
  /// The choices that an action is made of, the first the most significant digit of its index; empty where an action is one choice by itself.
  public let factors: [Factor]
  /// Whether the factors are chosen independently of each other, so that there is a softmax for each; else one chooses among all actions.
  public let isFactored: Bool
  /// How the numbers of a policy's head fall into choices.
  public let heads: ActionFactors

  /// A space of the given actions. Traps above 64 actions, with a fallback outside the space, or with factors that make another number of actions.
  public init(names: [String], fallback: Int?, factors: [Factor] = []) {
    precondition(
      (1...ActionFactors.mostOfOne).contains(names.count),
      "an action space of \(names.count) actions: 1 to \(ActionFactors.mostOfOne) are supported")
    if let fallback { precondition(names.indices.contains(fallback), "fallback \(fallback) of \(names.count) actions") }
    let combinations = factors.reduce(1) { $0 * $1.choices.count }
    precondition(
      factors.isEmpty || combinations == names.count, "factors of \(combinations) actions for \(names.count) names")
    self.names = names
    self.fallback = fallback.map { ActionNumber($0) }
    self.factors = factors
    isFactored = false
    heads = ActionFactors(joint: names.count)
  }

  /// A space of independent choices. `fallback`: of each factor the choice that replaces an illegal one, where there is one. Traps where
  /// `ActionFactors.problem` finds one, and with a fallback outside the space.
  public init(independent factors: [Factor], fallback: [Int]?) {
    heads = ActionFactors(widths: factors.map(\.choices.count))
    names = factors.flatMap { factor in factor.choices.map { ActionSpace.name($0, of: factor.subject) } }
    if let fallback {
      precondition(
        fallback.count == factors.count && zip(factors, fallback).allSatisfy { $0.choices.indices.contains($1) },
        "a fallback of \(fallback) for \(factors.count) factors")
    }
    self.fallback = fallback.map { [heads] in heads.action(ofChoices: $0) }
    self.factors = factors
    isFactored = true
  }

  /// The numbers of a policy's head and the flags of a mask, A: the actions, or the choices of all factors together.
  public var count: Int { names.count }

  /// Different actions.
  public var actionCount: ActionNumber { heads.actionCount }

  /// An action in words; of factored ones the choice of every factor.
  public func name(of action: ActionNumber) -> String {
    guard isFactored else { return names[Int(action)] }
    return orders(of: action).map { ActionSpace.name($0.choice, of: $0.subject) }.joined(separator: ", ")
  }

  /// The same in as few words as may be: where every factor makes one and the same choice, that choice.
  package func shortName(of action: ActionNumber) -> String {
    let choices = Set(orders(of: action).map(\.choice))
    guard isFactored, factors.count > 1, choices.count == 1, let choice = choices.first else { return name(of: action) }
    return "\(choice) in all \(factors.count)"
  }

  private static func name(_ choice: String, of subject: String) -> String { choice + " " + subject }

  /// For each factor which of its choices an action makes. Traps outside the space.
  public func choices(of action: ActionNumber) -> [Int] {
    precondition((0..<actionCount).contains(action), "action \(action) of \(actionCount)")
    var rest = action
    var digits = [Int](repeating: 0, count: factors.count)
    for place in factors.indices.reversed() {
      let count = ActionNumber(factors[place].choices.count)
      digits[place] = Int(rest % count)
      rest /= count
    }
    return digits
  }

  /// What the number at a place of a policy's head orders of whom: of factored actions one choice of one factor.
  package func orders(atPlace place: Int) -> [Order] {
    guard isFactored else { return orders(of: ActionNumber(place)) }
    let factor = heads.firsts.lastIndex { $0 <= place } ?? 0
    return [Order(subject: factors[factor].subject, choice: factors[factor].choices[place - heads.firsts[factor]])]
  }

  /// What an action orders of whom. Without factors it is one order of its own name, of nobody in particular.
  public func orders(of action: ActionNumber) -> [Order] {
    guard !factors.isEmpty else { return [Order(subject: "", choice: names[Int(action)])] }
    return zip(factors, choices(of: action)).map { Order(subject: $0.subject, choice: $0.choices[$1]) }
  }
}
