// What an agent may choose: named discrete actions.

/// Discrete actions by name. `fallback` is the action that an illegal request becomes (hold), where there is one.
public struct ActionSpace: Hashable, Codable, Sendable {
  /// The actions' names; an action is an index into them.
  public let names: [String]
  /// The action that replaces an illegal request, where the environment has one.
  public let fallback: Int?

  /// A space of the given actions. Traps above 64 actions or with a fallback outside the space.
  public init(names: [String], fallback: Int?) {
    precondition(
      !names.isEmpty && names.count <= 64, "an action space of \(names.count) actions: 1 to 64 are supported")
    if let fallback { precondition(names.indices.contains(fallback), "fallback \(fallback) of \(names.count) actions") }
    self.names = names
    self.fallback = fallback
  }

  /// The number of actions, A.
  public var count: Int { names.count }
}
