// What training saw goes with the policy: in its file, and in every decision about something else.

import AgentInterface
import Inference
import TestSupport
import Testing
import Text

@Suite struct TrainingRangesTests {
  private static let columns = 11

  /// Column c goes from -c to c + 1; the first is always 0.5 where `isConstant`.
  private static func ranges(isConstant: Bool = false, shift: Float = 0) -> TrainingRanges {
    let places = 0..<columns
    var (minimum, maximum) = (places.map { -Float($0) + shift }, places.map { Float($0) + 1 + shift })
    if isConstant { (minimum[0], maximum[0]) = (0.5, 0.5) }
    return TrainingRanges(
      minimum: minimum, maximum: maximum, mean: zip(minimum, maximum).map { Double($0 + $1) / 2 },
      variance: places.map { Double($0) }, count: places.map { Double($0 + 100) })
  }

  private static func policy(_ ranges: TrainingRanges?, seed: UInt64 = 3) -> InferencePolicy {
    let spec = NetworkSpec(
      inputs: columns, actions: 3, memory: .none, policyTower: [4], valueTower: [], activation: .tanh,
      hasValueHead: false)
    return InferencePolicy(
      spec: spec, parameters: Sample.parameters(spec, seed: seed), requiresMask: false, trainingRanges: ranges)
  }

  private static func bundle(_ policy: InferencePolicy) throws -> PolicyBundle {
    let rows = Sample.observations(rows: 4, columns: columns, seed: 5)
    return PolicyBundle(
      manifest: PolicyManifest(
        algorithm: "a2c", observationSpace: PolicyBundleTests.space(columns),
        actionSpace: ActionSpace(names: ["a", "b", "c"], fallback: 0), provenance: [:], parity: nil),
      policy: policy,
      golden: try GoldenVectors(
        playing: policy.deployed, observations: rows.flatMap { $0 }, masks: rows.map { _ in .all(count: 3) },
        episodeStarts: rows.map { _ in true }))
  }

  /// In the middle of every column's range.
  private static let inside = [Float](repeating: 0.5, count: columns)

  @Test func aFileKeepsThemAndAnOlderOneHasNone() throws {
    let bundle = try Self.bundle(Self.policy(Self.ranges(isConstant: true)))
    let read = try PolicyBundle.decode(bundle.encode(), path: "x")
    #expect(read.policy.network?.trainingRanges == Self.ranges(isConstant: true) && read.encode() == bundle.encode())
    let container = try Safetensors.decode(bundle.encode())
    #expect(container.metadata["schema_version"] == "3" && container.tensor("training.maximum")?.floats?[3] == 4)
    let told = read.describe().map { $0.0 + ": " + $0.1 }
    #expect(told.contains("kind: policy bundle, schema version 3"))
    #expect(told.contains("column 0: AAPL.column_0 (fraction), always 0.5 in training"))
    #expect(told.contains("column 2: AAPL.column_2 (fraction), -2.0 to 3.0 in training"))
    #expect(read.policy.network?.actorOnly.trainingRanges != nil)

    let older = try Self.bundle(Self.policy(nil))
    #expect(try Safetensors.decode(older.encode()).metadata["schema_version"] == "1")
    #expect(try PolicyBundle.decode(older.encode(), path: "x").policy.network?.trainingRanges == nil)
  }

  @Test(arguments: [
    ("training.minimum", [Float](repeating: 9, count: columns)), ("training.minimum", [1]),
    ("training.maximum", [Float](repeating: -9, count: columns)),
    ("training.maximum", [Float](repeating: .infinity, count: columns)),
  ])
  func rangesThatAreNoneAreRefused(name: String, values: [Float]) throws {
    let bytes = try PolicyBundleTests.forged(Self.bundle(Self.policy(Self.ranges())).encode()) { _, tensors in
      tensors.removeAll { $0.name == name }
      tensors.append(.init(name, shape: [values.count], values))
    }
    #expect(throws: PolicyBundleError.self) { try PolicyBundle.decode(bytes, path: "x") }
  }

  /// One column at a time, a hair beyond either end, in a whole block of eight and behind it.
  @Test func aDecisionNamesWhatLiesOutside() throws {
    let ranges = Self.ranges()
    var session = Self.policy(ranges).makeSession()
    let first = try session.decide(Self.inside, mask: nil, startsEpisode: true)
    #expect(!first.isOutsideTraining && session.outsideTraining.isEmpty)
    for column in 0..<Self.columns {
      for (end, beyond) in [
        (ranges.minimum[column], ranges.minimum[column].nextDown),
        (ranges.maximum[column], ranges.maximum[column].nextUp),
      ] {
        var row = Self.inside
        row[column] = end
        let within = try session.decide(row, mask: nil, startsEpisode: false)
        #expect(!within.isOutsideTraining)
        row[column] = beyond
        let without = try session.decide(row, mask: nil, startsEpisode: false)
        #expect(without.isOutsideTraining)
        #expect(session.outsideTraining == [column])
      }
    }
    // A question that is refused leaves what the last decision said.
    do throws(DecisionError) {
      _ = try session.decide([1], mask: nil, startsEpisode: false)
      Issue.record("one number was taken for \(Self.columns)")
    } catch {
      #expect(session.outsideTraining == [Self.columns - 1])
    }
    let last = try session.decide(Self.inside, mask: nil, startsEpisode: false)
    #expect(!last.isOutsideTraining && session.outsideTraining.isEmpty)
  }

  /// What a policy decides does not depend on whether anybody wrote down what it saw.
  @Test func theDecisionIsTheSame() throws {
    var knowing = Self.policy(Self.ranges()).makeSession()
    var unknowing = Self.policy(nil).makeSession()
    for row in Sample.observations(rows: 50, columns: Self.columns, seed: 9) {
      let first = try knowing.decide(row, mask: nil, startsEpisode: true)
      let second = try unknowing.decide(row, mask: nil, startsEpisode: true)
      #expect(first.action == second.action && knowing.logits == unknowing.logits)
      #expect(!second.isOutsideTraining && unknowing.outsideTraining.isEmpty)
    }
  }

  /// A constant column is outside whenever it has another value.
  @Test func aConstantColumnHasOneValue() throws {
    var session = Self.policy(Self.ranges(isConstant: true)).makeSession()
    let same = try session.decide(Self.inside, mask: nil, startsEpisode: true)
    #expect(!same.isOutsideTraining)
    var row = Self.inside
    row[0] = 0.5005
    let other = try session.decide(row, mask: nil, startsEpisode: true)
    #expect(other.isOutsideTraining && session.outsideTraining == [0])
    #expect(
      Self.ranges(isConstant: true).constantColumns(PolicyBundleTests.space(Self.columns))
        == "constant in training: AAPL.column_0 (0.5); nothing was learned of what never changed")
    #expect(Self.ranges().constantColumns(PolicyBundleTests.space(Self.columns)) == nil)
  }

  /// Of an ensemble a column is outside where it is for some member; one that does not know has no say.
  @Test func anEnsembleNamesWhatSomeMemberNeverSaw() throws {
    func member(_ name: String, _ ranges: TrainingRanges?) -> DeployedPolicy.Member {
      .init(name: name, policy: Self.policy(ranges), weight: 1)
    }
    let both = DeployedPolicy(
      ensemble: [member("one", Self.ranges()), member("two", Self.ranges(shift: 0.25)), member("old", nil)],
      rule: .softVote, fallback: 0)
    var session = both.makeSession()
    let seen = try session.decide(Self.inside, mask: nil, startsEpisode: true)
    #expect(!seen.isOutsideTraining)
    var row = Self.inside
    // The first saw it and the second did not; then the other way round.
    (row[1], row[9]) = (-0.9, 10.1)
    let unseen = try session.decide(row, mask: nil, startsEpisode: true)
    #expect(unseen.isOutsideTraining && session.outsideTraining == [1, 9])
    let unknown = DeployedPolicy(ensemble: [member("one", nil), member("two", nil)], rule: .softVote, fallback: 0)
    #expect(unknown.trainingBounds == nil)
  }
}
