// A bundle in words, and whether it speaks of the caller's spaces.

public import AgentInterface

extension PolicyBundle {
  /// Refuses a bundle whose columns or actions are not exactly the given ones. `path` names it in the error.
  public func requireSpace(_ space: ObservationSpace, actions: ActionSpace, path: String) throws(PolicyBundleError) {
    var differences: [String] = []
    if manifest.observationSpace.count != space.count {
      differences.append("it reads \(manifest.observationSpace.count) columns, there are \(space.count)")
    }
    for (index, pair) in zip(manifest.observationSpace.columns, space.columns).enumerated() where pair.0 != pair.1 {
      differences.append("column \(index) is \(pair.0.inWords) in the bundle and \(pair.1.inWords) here")
    }
    if manifest.actionSpace.count != actions.count {
      differences.append("it knows \(manifest.actionSpace.count) actions, there are \(actions.count)")
    }
    for (index, pair) in zip(manifest.actionSpace.names, actions.names).enumerated() where pair.0 != pair.1 {
      differences.append("action \(index) is '\(pair.0)' in the bundle and '\(pair.1)' here")
    }
    if manifest.actionSpace.fallback != actions.fallback {
      func words(_ fallback: Int?) -> String { fallback.map(String.init) ?? "none" }
      differences.append(
        "the fallback action is \(words(manifest.actionSpace.fallback)) in the bundle and \(words(actions.fallback)) here"
      )
    }
    guard !differences.isEmpty else { return }
    let shown = 6
    if differences.count > shown {
      differences = differences.prefix(shown) + ["and \(differences.count - shown) more differences"]
    }
    throw .wrongSpace(path: path, differences: differences)
  }

  /// What the bundle holds, as rows of a name and a text that a terminal can show.
  public func describe() -> [(String, String)] {
    let spec = policy.spec
    var rows: [(String, String)] = [
      ("kind", "policy bundle, schema version \(PolicyManifest.supportedVersions.upperBound)"),
      ("algorithm", manifest.algorithm),
    ]
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
    rows.append(
      ("mask", policy.requiresMask ? "required with every decision" : "optional: trained without"))
    for (index, column) in manifest.observationSpace.columns.enumerated() {
      rows.append(("column \(index)", "\(column.name) (\(column.unit))"))
    }
    for (index, name) in manifest.actionSpace.names.enumerated() {
      rows.append(("action \(index)", name + (index == manifest.actionSpace.fallback ? " (fallback)" : "")))
    }
    let starts = golden.episodeStarts.count(where: { $0 })
    rows.append(
      (
        "golden vectors",
        "\(golden.count) rows with \(starts) episode starts, replayed within \(PolicyBundle.goldenTolerance)"
      ))
    if let parity = manifest.parity {
      rows.append(
        (
          "parity at export",
          "\(parity.steps) steps, \(parity.episodeStarts) episode starts, \(parity.distinctMasks) masks, largest logit "
            + "difference \(parity.largestLogitDifference), near ties \(parity.nearTieShare)"
        ))
    } else {
      rows.append(("parity at export", "not measured"))
    }
    for (key, value) in manifest.provenance.sorted(by: { $0.key < $1.key }) {
      rows.append(("provenance \(key)", value))
    }
    return rows.map { (PrintableText.of($0.0), PrintableText.of($0.1)) }
  }
}

extension ObservationSpace.Column {
  fileprivate var inWords: String { "'\(name)' (\(unit))" }
}
