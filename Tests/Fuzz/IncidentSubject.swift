// Recorded incidents: damaged files, and whole ones that say what no run ever recorded, through a whole replay.

import AgentInterface
import Algorithms
import Configuration
import Environments
import Kernels
import RunSupport
import Storage
import TestSupport
import Text
import Training

final class IncidentSubject: Subject {
  static let name = "incident"
  private let folder: TemporaryFolder
  private let damage = SealedDamage()
  /// The seeds as they were read, by number.
  private var wholes: [Int: (incident: Incident, attributes: [String: String])] = [:]

  init() throws { folder = try TemporaryFolder() }

  /// A minibatch, a rollout and a batch before their step, and a step of the environment.
  func seeds() throws -> [[UInt8]] {
    try [AlgorithmTag.ppoLSTMMask, .a2c, .dqnMask].map { try IncidentSubject.recorded($0, fault: nil) }
      + [IncidentSubject.recorded(.ppo, fault: .reward(.nan))]
  }

  private static func recorded(_ tag: AlgorithmTag, fault: FaultyEnvironment.Fault?) throws -> [UInt8] {
    var configuration = RunConfiguration()
    configuration.algorithm = tag
    configuration.world.lanes = 4
    (configuration.ppo.horizon, configuration.ppo.batchSize, configuration.a2c.horizon) = (8, 16, 3)
    (configuration.dqn.trainFrequency, configuration.dqn.batchSize, configuration.dqn.bufferSize) = (8, 5, 40)
    (configuration.dqn.learningStarts, configuration.dqn.double, configuration.dqn.dueling) = (0, true, true)
    (configuration.network.lstmHidden, configuration.network.actionValues.hiddenLayers) = (3, [4])
    let plain = RandomEpisodes(laneCount: 4, columns: 3, actions: 3)
    let world: any VectorEnvironment = fault.map { FaultyEnvironment(plain, $0, lane: 1, step: 2) } ?? plain
    let pool = WorkerPool(workerCount: 1)
    let learner = configuration.learner.makeLearner(
      LearnerSetup(
        spec: configuration.networkSpec(inputs: 3, actions: 3), laneCount: 4, isMasked: tag.isMasked, totalSteps: 1000,
        seed: 1, pool: pool))
    // Whatever the gradient is, it is too large.
    (learner.health.settings.gradientNorm, learner.health.settings.gradientNormLimit) = (.stop, 1e-30)
    let collector = Collector(environment: world, algorithm: learner, pool: pool)
    collector.begin(seed: 1)
    collector.collect()
    if !learner.health.isHalted { _ = learner.update(progressRemaining: 1) }
    guard let incident = learner.health.drain().first else { throw Finding(reason: "\(tag) met no incident") }
    let attributes = [
      "run": "seed", "step": "32", "spaces": Trainer.spaces(EnvironmentSpaces(world)).text,
      "configuration": configuration.json.text,
    ]
    return try IncidentFile.file(incident, attributes: attributes).encoded()
  }

  private static let tokens = [
    "\"hidden\":", "65536", "\"lstm\"", "\"kind\":\"dueling\"", "\"none\"", "\"algorithm\":\"dqn\"", "[]", "[64,64]",
    "null", "true", "-1", "\"has_value_head\":false", "\"kernels\":\"blas\"", "update", "step", "state",
  ]

  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8] {
    var mutator = Mutator(random: random, tokens: IncidentSubject.tokens)
    if mutator.chance(1, in: 3) { return damage.input(&mutator, pool: pool) }
    var (incident, texts) = try whole(mutator.below(pool.seedCount), pool)
    repeat {
      if mutator.chance(1, in: 5) {
        let fact = mutator.pick(incident.facts.keys.sorted())
        let text = mutator.damaged(Array((incident.facts[fact] ?? .null).text.utf8), others: [[]])
        incident.facts[fact] = (try? JSON.parse(text)) ?? .null
      } else if mutator.chance(1, in: 8) {
        texts["spaces"] = String(
          decoding: mutator.damaged(Array((texts["spaces"] ?? "").utf8), others: [[]]).prefix(5000), as: UTF8.self)
      } else {
        incident.record.damage(&mutator)
      }
    } while mutator.chance(2, in: 5)
    return try IncidentFile.file(incident, attributes: texts).encoded()
  }

  private func whole(_ index: Int, _ pool: Pool) throws -> (incident: Incident, attributes: [String: String]) {
    if let known = wholes[index] { return known }
    try folder.write(pool.documents[index], to: "whole.h5")
    let whole = try IncidentFile.read(folder.place("whole.h5"))
    wholes[index] = whole
    return whole
  }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    let path = folder.place("in.h5")
    try folder.write(bytes, to: "in.h5")
    var verdict = Verdict.refused
    do throws(TrainingError) {
      let replay = try IncidentFile.replay(path, families: .product)
      verdict = .read
      for line in replay.text.split(separator: "\n") { _ = try? refusal(String(line.prefix(1000))) }
    } catch {
      _ = try refusal(error.description, names: path)
    }
    do {
      for line in try StorageInspection.describe(path) { _ = try refusal(String((line.0 + line.1).prefix(1000))) }
    } catch let error as StorageError {
      _ = try refusal(error.description, names: path)
    }
    return verdict
  }
}
