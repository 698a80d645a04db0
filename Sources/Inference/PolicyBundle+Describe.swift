// A bundle in words, and whether it speaks of the caller's spaces.

public import AgentInterface
import Text

extension PolicyBundle {
  /// Refuses a bundle whose columns or actions are not exactly the given ones. `path` names it in the error.
  public func requireSpace(_ space: ObservationSpace, actions: ActionSpace, path: String) throws(PolicyBundleError) {
    var differences = manifest.differences(from: space, actions: actions, mine: "in the bundle", theirs: "here")
    guard !differences.isEmpty else { return }
    let shown = 6
    if differences.count > shown {
      differences = differences.prefix(shown) + ["and \(differences.count - shown) more differences"]
    }
    throw .wrongSpace(path: path, differences: differences)
  }

  /// What the bundle holds, as rows of a name and a text that a terminal can show.
  public func describe() -> [(String, String)] {
    let version =
      policy.network.map { BundleMetadata.Network($0).version } ?? BundleMetadata.ensembleVersion
    var rows: [(String, String)] = [
      ("kind", "policy bundle, schema version \(version)"), ("algorithm", manifest.algorithm),
    ]
    rows += policy.network.map(PolicyBundle.describe) ?? ensembleRows
    rows.append(
      ("mask", policy.requiresMask ? "required with every decision" : "optional: trained without"))
    let bounds = policy.trainingBounds
    for (index, column) in manifest.observationSpace.columns.enumerated() {
      let seen = bounds.map { PolicyBundle.describe($0.minimum[index], $0.maximum[index]) } ?? ""
      rows.append(("column \(index)", "\(column.name) (\(column.unit))\(seen)"))
    }
    rows += actionRows
    let starts = golden.episodeStarts.count(where: { $0 })
    rows.append(
      (
        "golden vectors",
        "\(golden.count) rows with \(starts) episode starts, replayed within "
          + "\(PolicyBundle.goldenTolerance * policy.logitSensitivity), relative to a row's largest logit above 1"
      ))
    if members.isEmpty { rows.append(("parity at export", PolicyBundle.describe(manifest.parity))) }
    for (key, value) in manifest.provenance.sorted(by: { $0.key < $1.key }) {
      rows.append(("provenance \(key)", value))
    }
    return rows.map { (PrintableText.of($0.0), PrintableText.of($0.1)) }
  }

  private var actionRows: [(String, String)] {
    let space = manifest.actionSpace
    guard space.isFactored else {
      return space.names.enumerated().map {
        ("action \($0)", $1 + (ActionNumber($0) == space.fallback ? " (fallback)" : ""))
      }
    }
    let fallback = space.fallback.map { space.choices(of: $0) }
    return [
      ("actions", "\(space.factors.count) independent choices; the confidence of an action is the product of theirs")
    ]
      + space.factors.enumerated().map { index, factor in
        let choices = factor.choices.enumerated().map { $1 + ($0 == fallback?[index] ? " (fallback)" : "") }
        return ("choice \(index)", "\(factor.subject): \(choices.joined(separator: ", "))")
      }
  }

  private var ensembleRows: [(String, String)] {
    let rule =
      switch policy.rule {
      case .softVote: "soft vote: the mean of the members' probabilities"
      case .hardVote: "hard vote: each member's choice counts its weight"
      case .meanLogits: "the mean of the members' logits"
      case nil: "one network"
      }
    var rows = [("decides by", rule + "; an exact tie becomes the fallback where that is legal")]
    let total = Double(policy.members.reduce(0) { $0 + $1.weight })
    for (member, bundle) in zip(policy.members, members) {
      let share = (Double(member.weight) / total * 10_000).rounded() / 100
      var text = "\(bundle.manifest.algorithm), \(share) % of the say"
      if member.temperature != 1 { text += ", temperature \(Float(member.temperature))" }
      rows.append(("member \(member.name)", text))
      for (name, value) in PolicyBundle.describe(member.policy) { rows.append(("  " + name, value)) }
      rows.append(("  parity at export", PolicyBundle.describe(bundle.manifest.parity)))
    }
    return rows
  }

  /// What training saw of a column.
  private static func describe(_ minimum: Float, _ maximum: Float) -> String {
    if minimum == maximum { return ", always \(minimum) in training" }
    return minimum < maximum ? ", \(minimum) to \(maximum) in training" : ", nothing that all members saw in training"
  }

  private static func describe(_ parity: PolicyParity?) -> String {
    guard let parity else { return "not measured" }
    return
      "\(parity.steps) steps, \(parity.episodeStarts) episode starts, \(parity.distinctMasks) masks, largest logit "
      + "difference \(parity.largestLogitDifference), near ties \(parity.nearTieShare)"
  }

  private static func describe(_ policy: InferencePolicy) -> [(String, String)] {
    let spec = policy.spec
    var rows: [(String, String)] = []
    switch spec.memory {
    case .none: rows.append(("memory", "none"))
    case .lstm(let hidden, _): rows.append(("memory", "LSTM of \(hidden) units, zero at every episode's start"))
    }
    func tower(_ widths: [Int]) -> String {
      widths.isEmpty ? "linear" : widths.map(String.init).joined(separator: " x ") + " \(spec.activation.rawValue)"
    }
    if spec.kind != .actorCritic {
      rows.append(("decides by", "the largest value of an action\(spec.kind == .dueling ? ", dueling" : "")"))
    }
    rows.append(("policy tower", tower(spec.policyTower)))
    if spec.hasValueHead {
      rows.append(("value tower", tower(spec.valueTower)))
      if let critic = spec.criticMemory { rows.append(("critic memory", critic.rawValue)) }
    } else {
      rows.append(("value function", "not included"))
    }
    rows.append(("parameters", String(policy.layout.count)))
    rows.append(
      (
        "observation scaling",
        policy.normalizer.map { "moments of \(JSON.number($0.count).text) observations, bound \($0.clip)" } ?? "none"
      ))
    return rows
  }
}

extension PolicyManifest {
  /// Of columns that only one side has, so many are named.
  private static let mostNamed = 12

  /// What differs between these spaces and the given ones, in words; `mine` and `theirs` say where each stands.
  func differences(
    from space: ObservationSpace, actions: ActionSpace, mine: String, theirs: String
  ) -> [String] {
    var differences: [String] = []
    if observationSpace.count != space.count {
      differences.append("it reads \(observationSpace.count) columns, there are \(space.count)")
    }
    let (known, given) = (observationSpace.columns.map(\.name), space.columns.map(\.name))
    let lacks = [(known.filter { !given.contains($0) }, mine), (given.filter { !known.contains($0) }, theirs)]
    for (names, place) in lacks where !names.isEmpty {
      let most = PolicyManifest.mostNamed
      differences.append(
        names.prefix(most).joined(separator: ", ") + (names.count > most ? " and \(names.count - most) more" : "")
          + (names.count == 1 ? " is only " : " are only ") + place)
    }
    // Behind a column that only one has every place differs, which says nothing more.
    let haveTheSame = lacks.allSatisfy { $0.0.isEmpty }
    for (index, pair) in zip(observationSpace.columns, space.columns).enumerated() where haveTheSame && pair.0 != pair.1
    {
      differences.append("column \(index) is \(pair.0.inWords) \(mine) and \(pair.1.inWords) \(theirs)")
    }
    if actionSpace.isFactored != actions.isFactored {
      differences.append("it makes \(actionSpace.kindInWords) \(mine) and \(actions.kindInWords) \(theirs)")
      return differences
    }
    if actionSpace.factors != actions.factors, actionSpace.isFactored {
      // Names of choices may agree where factors do not.
      differences.append(
        "it chooses for \(actionSpace.factors.map(\.subject).joined(separator: ", ")) \(mine) and for "
          + "\(actions.factors.map(\.subject).joined(separator: ", ")) \(theirs)")
    }
    if actionSpace.count != actions.count {
      differences.append("it knows \(actionSpace.count) actions, there are \(actions.count)")
    }
    for (index, pair) in zip(actionSpace.names, actions.names).enumerated() where pair.0 != pair.1 {
      differences.append("action \(index) is '\(pair.0)' \(mine) and '\(pair.1)' \(theirs)")
    }
    if actionSpace.fallback != actions.fallback {
      func words(_ fallback: ActionNumber?) -> String { fallback.map { "\($0)" } ?? "none" }
      differences.append(
        "the fallback action is \(words(actionSpace.fallback)) \(mine) and \(words(actions.fallback)) \(theirs)")
    }
    return differences
  }
}

extension ObservationSpace.Column {
  fileprivate var inWords: String { "'\(name)' (\(unit))" }
}
