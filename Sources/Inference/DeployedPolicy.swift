// What decides when a policy is deployed: one network, or several that decide together.

public import AgentInterface

/// How the members of an ensemble decide together. Every rule counts a member by its share of all weights, keeps to the legal actions, and
/// gives an exact tie to the action space's fallback where that is legal, else to the lowest of the tied actions. Of factored actions it decides on every
/// factor by itself.
public enum CombinationRule: String, Hashable, Sendable, CaseIterable {
  /// The mean of the members' probabilities.
  case softVote = "soft_vote"
  /// Every member's greedy choice is one vote of its weight. Weights are whole numbers, so that a tie is a tie whatever the rounding.
  case hardVote = "hard_vote"
  /// The mean of the members' logits.
  case meanLogits = "mean_logits"
}

/// A policy as a bundle carries it: one network, or an ensemble of networks with the same columns and actions. Immutable and thread-safe.
/// Decisions are made in a `PolicySession`, which owns the memory.
public struct DeployedPolicy: Sendable {
  /// One network and its say.
  public struct Member: Sendable {
    /// Unique in its ensemble.
    public let name: String
    /// The network.
    public let policy: InferencePolicy
    /// Its say, in millionths or any other unit that all members share; at least 0.
    public let weight: Int
    /// What its logits are divided by before they become probabilities. Above 1 it is less sure of itself.
    public let temperature: Double

    /// A member from its parts. Traps on a negative weight and on a temperature that is not a positive number.
    public init(name: String, policy: InferencePolicy, weight: Int, temperature: Double = 1) {
      precondition(Member.weights.contains(weight), "a weight of \(weight)")
      precondition(Member.temperatures.contains(temperature), "a temperature of \(temperature)")
      self.name = name
      self.policy = policy
      self.weight = weight
      self.temperature = temperature
    }

    /// The weights that a member can have. Their sum over any ensemble fits in 64 bits.
    package static let weights = 0...1_000_000_000
    /// The temperatures that a member can have: logits divided by them stay finite.
    static let temperatures = 1e-12...1e12
  }

  /// The networks; one where there is no rule.
  public let members: [Member]
  /// How they decide together; nil for a lone network.
  public let rule: CombinationRule?
  /// The action that an exact tie becomes where it is legal.
  public let fallback: ActionNumber?

  /// The most members that an ensemble can have.
  public static let maximumMembers = 256

  /// A lone network.
  public init(_ policy: InferencePolicy) {
    members = [Member(name: "policy", policy: policy, weight: 1)]
    rule = nil
    fallback = nil
  }

  /// An ensemble. Traps unless there are 1 to 256 members of different names, some weight, and one number of columns and actions.
  public init(ensemble members: [Member], rule: CombinationRule, fallback: ActionNumber?) {
    if let defect = DeployedPolicy.defect(of: members) { preconditionFailure(defect) }
    let actions = members[0].policy.spec.factors.actionCount
    if let fallback { precondition((0..<actions).contains(fallback), "fallback \(fallback) of \(actions) actions") }
    self.members = members
    self.rule = rule
    self.fallback = fallback
  }

  /// Why members make no ensemble, or nil.
  static func defect(of members: [Member]) -> String? {
    guard let first = members.first, members.count <= maximumMembers else {
      return "\(members.count) members: 1 to \(maximumMembers) can decide together"
    }
    var names: Set<String> = []
    for member in members {
      if !names.insert(member.name).inserted { return "two members are called '\(member.name)'" }
      let (mine, theirs) = (member.policy.spec, first.policy.spec)
      if mine.inputs != theirs.inputs || mine.actions != theirs.actions {
        return
          "member '\(member.name)' reads \(mine.inputs) columns and knows \(mine.actions) actions, '\(first.name)' "
          + "\(theirs.inputs) and \(theirs.actions)"
      }
      if mine.factors != theirs.factors {
        return
          "member '\(member.name)' makes \(mine.factors.inWords), '\(first.name)' \(theirs.factors.inWords), and they cannot "
          + "vote on the same"
      }
    }
    return members.allSatisfy { $0.weight == 0 } ? "no member has any weight" : nil
  }

  /// Columns of an observation, D.
  public var inputs: Int { members[0].policy.spec.inputs }
  /// Numbers of the head, A: the actions, or the choices of all factors together.
  public var actions: Int { members[0].policy.spec.actions }
  /// The independent choices that an action is made of; one where actions are chosen among jointly.
  public var factors: ActionFactors { members[0].policy.spec.factors }
  /// Whether it must be asked with a mask: some member was trained with masks.
  public var requiresMask: Bool { members.contains { $0.policy.requiresMask } }
  /// Whether some member remembers what came before.
  public var hasMemory: Bool { members.contains { $0.policy.spec.hiddenCount > 0 } }
  /// Whether decisions come with an estimate of the value; an ensemble has none.
  public var hasValueHead: Bool { network?.spec.hasValueHead ?? false }
  /// The one network; nil for an ensemble.
  public var network: InferencePolicy? { rule == nil ? members[0].policy : nil }

  /// The same ensemble without the member of that number; nil where nothing with a weight would remain.
  public func without(_ member: Int) -> DeployedPolicy? {
    guard let rule else { return nil }
    var rest = members
    rest.remove(at: member)
    guard DeployedPolicy.defect(of: rest) == nil else { return nil }
    return DeployedPolicy(ensemble: rest, rule: rule, fallback: fallback)
  }

  /// A stream of decisions with a memory of its own.
  public func makeSession() -> PolicySession { PolicySession(policy: self) }

  /// By how much a small error of a network's logits of size 1 may grow in the logits of the whole.
  var logitSensitivity: Float {
    rule == nil ? 1 : members.reduce(1) { max($0, Float(2 / $1.temperature)) }
  }
}

extension InferencePolicy {
  /// This network as a policy to deploy.
  public var deployed: DeployedPolicy { DeployedPolicy(self) }
}

extension ActionSpace {
  /// For sentences about two of which one is factored.
  package var kindInWords: String { isFactored ? "independent choices" : "joint actions" }
}

extension ActionFactors {
  /// For sentences about two that differ.
  package var inWords: String {
    isJoint ? "one choice among \(count) actions" : "\(widths.count) independent choices among \(count)"
  }
}
