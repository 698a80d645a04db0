// From trained members to one policy bundle: what they agree on is checked, what is fitted is fitted on the selection window.

private import AgentInterface
private import Evaluation
package import Inference
private import Storage
package import Text
package import Training

/// An ensemble's bundle and how it came to be.
package struct EnsembleExport: Sendable {
  package let bundle: PolicyBundle
  /// For a person.
  package let lines: [String]
  /// For the folder: weights, temperatures, scores on the selection window.
  package let record: JSON
}

package enum EnsembleExporter {
  static let nothing = "nothing"
  /// What a report tells of a bundle's provenance.
  static let told = ["weights", "temperatures", "fitted", "best_member", "left_out"]

  /// Combines the members' best checkpoints on the selection window (the newest where none was chosen), each through its own parity gate.
  /// leftOut: members that failed, and why; nothing else leaves a member out.
  package static func export(_ folder: EnsembleFolder, leftOut: [(name: String, cause: String)]) throws(TrainingError)
    -> EnsembleExport
  {
    let plan = folder.plan
    let members = plan.members.filter { member in !leftOut.contains { $0.name == member.name } }
    guard let first = members.first else { throw .refused("every member failed; there is nothing to combine") }
    guard members.contains(where: { $0.weight > 0 }) || plan.weights == .fitted else {
      throw .refused("no member that is left has a weight; nothing can be combined")
    }
    let factory = try EnvironmentFactory(first.configuration)
    var found: [(checkpoint: Checkpoint, path: String)] = []
    for member in members {
      let directory = try RunDirectory.open(
        run: EnsembleTrainer.path(of: member.name, in: folder.directory), locks: false)
      found.append(try TrainedPolicy.find(in: directory, choice: nil))
    }
    // Of what the checkpoints say, not of what the plan said.
    var worlds: [(name: String, configuration: RunConfiguration)] = [("the plan", first.configuration)]
    for (member, one) in zip(members, found) {
      worlds.append(
        (
          member.name,
          try RunState.configuration(
            of: one.checkpoint, path: one.path, families: first.configuration.families)
        ))
    }
    if let difference = EnsemblePlan.difference(worlds) { throw .refused(difference) }
    var trained: [TrainedPolicy] = []
    for one in found { trained.append(try TrainedPolicy(one.checkpoint, path: one.path, factory: factory)) }
    var bundles: [PolicyBundle] = []
    for one in trained {
      let bundle = try PolicyExporter.bundle(one, factory: factory, includesCritic: false)
      do { bundles.append(try PolicyBundle.decode(bundle.encode(), path: one.sourcePath)) } catch {
        throw .policy(error)
      }
    }
    let fitting = try EnsembleFitting(
      zip(members, bundles).compactMap { member, bundle in
        bundle.policy.network.map { .init(name: member.name, policy: $0, weight: member.weight) }
      }, rule: plan.rule, fallback: bundles[0].manifest.actionSpace.fallback, weights: plan.weights, factory: factory,
      seed: UInt64(first.configuration.run.seed))
    for (member, one) in zip(fitting.policy.members, trained) {
      try PolicyExporter.requireSameBits(member.policy, one)
    }
    return try EnsembleExport(
      bundle: bundle(bundles, fitting, folder, leftOut, dataFingerprint: factory.market?.contentHash ?? ""),
      lines: lines(fitting, trained) + constantColumns(bundles), record: record(fitting, trained, plan, leftOut))
  }

  private static func bundle(
    _ bundles: [PolicyBundle], _ fitting: EnsembleFitting, _ folder: EnsembleFolder,
    _ leftOut: [(name: String, cause: String)], dataFingerprint: String
  ) throws(TrainingError) -> PolicyBundle {
    // The rows of a member that was trained with masks have the masks of the game.
    let played = (bundles.first { $0.policy.requiresMask } ?? bundles[0]).golden
    let golden: GoldenVectors
    do {
      golden = try GoldenVectors(
        playing: fitting.policy, observations: played.observations, masks: played.masks,
        episodeStarts: played.episodeStarts)
    } catch {
      throw .decision(error)
    }
    let warmed = fitting.targetEntropy != nil
    let isFitted = fitting.triedWeights > 0
    var provenance = [
      "run": folder.directory.name, "model_name": folder.directory.name, "data_fingerprint": dataFingerprint,
      "source_revision": BuildInformation.revision, "strikeforge": BuildInformation.version,
      "weights": isFitted ? "the best of \(fitting.triedWeights) on the selection window" : "given",
      "temperatures": fitting.targetEntropy.map {
        "action values as decided as the others on the selection window, mean entropy \(ConsoleSink.short($0)) nats"
      } ?? "1",
      "fitted": warmed
        ? isFitted ? "weights and temperatures, on the selection window" : "temperatures, on the selection window"
        : isFitted ? "weights, on the selection window" : nothing,
      "best_member": fitting.policy.members[fitting.bestMember].name,
    ]
    if !leftOut.isEmpty { provenance["left_out"] = leftOut.map { "\($0.name): \($0.cause)" }.joined(separator: "; ") }
    return PolicyBundle(
      manifest: PolicyManifest(
        algorithm: "ensemble", observationSpace: bundles[0].manifest.observationSpace,
        actionSpace: bundles[0].manifest.actionSpace, provenance: provenance, parity: nil), ensemble: fitting.policy,
      members: bundles, golden: golden)
  }

  private static func lines(_ fitting: EnsembleFitting, _ trained: [TrainedPolicy]) -> [String] {
    let members = fitting.policy.members
    let total = Double(members.reduce(0) { $0 + $1.weight })
    var lines = ["member            checkpoint at step       say  temperature  on the selection window"]
    for (index, member) in members.enumerated() {
      func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
      }
      lines.append(
        String(member.name.prefix(16))
          + right(ConsoleSink.grouped(trained[index].step), 36 - min(16, member.name.count))
          + right(ReportText.fixed(100 * Double(member.weight) / total, decimals: 1) + " %", 10)
          + right(member.temperature == 1 ? "-" : ConsoleSink.short(member.temperature), 13)
          + right(ConsoleSink.short(fitting.memberScores[index].meanReward), 19))
    }
    if let entropy = fitting.targetEntropy {
      lines.append(
        "temperatures: action values as decided as the others, mean entropy \(ConsoleSink.short(entropy)) nats")
    }
    if fitting.triedWeights > 0 { lines.append("weights: the best of \(fitting.triedWeights) on the selection window") }
    lines.append(
      "together on the selection window: \(ConsoleSink.short(fitting.score.meanReward)) an episode; its best member there: "
        + members[fitting.bestMember].name)
    return lines
  }

  /// Of which columns members can have learned nothing.
  private static func constantColumns(_ bundles: [PolicyBundle]) -> [String] {
    let sentences = bundles.compactMap { bundle in
      bundle.policy.network?.trainingRanges?.constantColumns(bundle.manifest.observationSpace)
    }
    return Set(sentences).sorted().map { "warning: " + $0 }
  }

  private static func record(
    _ fitting: EnsembleFitting, _ trained: [TrainedPolicy], _ plan: EnsemblePlan,
    _ leftOut: [(name: String, cause: String)]
  ) -> JSON {
    let policy = fitting.policy
    return .object([
      "rule": .string(plan.rule.rawValue), "weights": .string(plan.weights.rawValue),
      "tried_weights": .integer(Int64(fitting.triedWeights)),
      "target_entropy_nats": fitting.targetEntropy.map(JSON.number) ?? .null,
      "best_member": .string(policy.members[fitting.bestMember].name),
      "selection_reward": .number(fitting.score.meanReward),
      "members": .array(
        policy.members.indices.map { index in
          [
            "name": .string(policy.members[index].name), "weight": .integer(Int64(policy.members[index].weight)),
            "temperature": .number(policy.members[index].temperature), "checkpoint": .string(trained[index].sourcePath),
            "step": .integer(Int64(trained[index].step)), "parameters_sha256": .string(trained[index].digest),
            "selection_reward": .number(fitting.memberScores[index].meanReward),
          ]
        }),
      "left_out": .array(leftOut.map { ["name": .string($0.name), "cause": .string($0.cause)] }),
    ])
  }
}
