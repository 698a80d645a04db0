// What an agent may choose: named discrete actions.

/// Discrete actions by name. `fallback` is the action that an illegal request becomes (hold), where there is one.
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

  /// The actions' names; an action is an index into them.
  public let names: [String]
  /// The action that replaces an illegal request, where the environment has one.
  public let fallback: Int?
  /// The choices that an action is made of, the first the most significant digit of its index; empty where an action is one choice by itself.
  public let factors: [Factor]

  /// A space of the given actions. Traps above 64 actions, with a fallback outside the space, or with factors that make another number of actions.
  public init(names: [String], fallback: Int?, factors: [Factor] = []) {
    precondition(
      !names.isEmpty && names.count <= 64, "an action space of \(names.count) actions: 1 to 64 are supported")
    if let fallback { precondition(names.indices.contains(fallback), "fallback \(fallback) of \(names.count) actions") }
    let combinations = factors.reduce(1) { $0 * $1.choices.count }
    precondition(
      factors.isEmpty || combinations == names.count, "factors of \(combinations) actions for \(names.count) names")
    self.names = names
    self.fallback = fallback
    self.factors = factors
  }

  /// The number of actions, A.
  public var count: Int { names.count }

  /// For each factor which of its choices an action makes. Traps outside the space.
  public func choices(of action: Int) -> [Int] {
    precondition(names.indices.contains(action), "action \(action) of \(count)")
    var rest = action
    var digits = [Int](repeating: 0, count: factors.count)
    for place in factors.indices.reversed() {
      digits[place] = rest % factors[place].choices.count
      rest /= factors[place].choices.count
    }
    return digits
  }

  /// What an action orders of whom. Without factors it is one order of its own name, of nobody in particular.
  public func orders(of action: Int) -> [Order] {
    guard !factors.isEmpty else { return [Order(subject: "", choice: names[action])] }
    return zip(factors, choices(of: action)).map { Order(subject: $0.subject, choice: $0.choices[$1]) }
  }
}
