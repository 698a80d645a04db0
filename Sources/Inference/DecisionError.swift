// Why a policy did not decide.

/// Why a decision was refused. Nothing was decided and the memory is as it was before.
public enum DecisionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The observation has another number of columns than the policy reads.
  case wrongObservationLength(expected: Int, found: Int)
  /// A column (from 0) is NaN or infinite.
  case observationNotFinite(column: Int)
  /// The policy was trained with masks and got none.
  case missingMask
  /// The mask allows nothing.
  case emptyMask
  /// The mask allows nothing of a factor (from 0).
  case emptyFactor(factor: Int)
  /// The mask allows an action that the policy does not have.
  case maskBeyondActions(actions: Int, highest: Int)
  /// A recurrent policy was asked to go on with an episode that it never saw begin.
  case episodeNotStarted
  /// The network's output is NaN or infinite.
  case outputNotFinite(action: Int)

  /// One sentence for the user: what is wrong, then what to do.
  public var description: String { "\(reason); \(remedy)" }

  /// What is wrong.
  public var reason: String {
    switch self {
    case .wrongObservationLength(let expected, let found):
      "the observation has \(found) columns, the policy reads \(expected)"
    case .observationNotFinite(let column): "column \(column) of the observation is not a finite number"
    case .missingMask: "the policy was trained with action masks and got none"
    case .emptyMask: "the mask allows no action"
    case .emptyFactor(let factor): "the mask allows no choice of factor \(factor), counted from 0"
    case .maskBeyondActions(let actions, let highest):
      "the mask allows action \(highest), the policy has \(actions) actions, counted from 0"
    case .episodeNotStarted: "the policy has a memory and saw no episode begin"
    case .outputNotFinite(let action): "the network's output for action \(action) is not a finite number"
    }
  }

  /// What to do about it.
  public var remedy: String {
    switch self {
    case .wrongObservationLength: "send the bundle's columns in their order"
    case .observationNotFinite: "mend the data before asking for a decision"
    case .missingMask: "send the mask of legal actions with every observation"
    case .emptyMask: "at least one action must be legal"
    case .emptyFactor: "at least one choice of every factor must be legal"
    case .maskBeyondActions: "send one flag for each"
    case .episodeNotStarted: "mark the first observation of the episode as its start"
    case .outputNotFinite: "the policy is unusable, export a sound one"
    }
  }
}
