// How far what a new run sees lies from what the run before it saw.

package import AgentInterface
private import Algorithms
package import Inference
private import Kernels
package import Text

/// Observation statistics, old against new, a row a column.
package struct ObservationDrift: Sendable {
  package struct Column: Sendable {
    package let name: String
    package let oldMean: Double
    package let oldDeviation: Double
    package let newMean: Double
    package let newDeviation: Double

    /// How far the mean moved, in old deviations.
    package var shift: Double { abs(newMean - oldMean) / max(oldDeviation, 1e-8) }
    /// New deviation over old.
    package var ratio: Double { newDeviation / max(oldDeviation, 1e-8) }
    /// Beyond half a deviation, or half or twice as wide.
    package var isDrifting: Bool { shift > 0.5 || ratio < 0.5 || ratio > 2 }
  }

  package let columns: [Column]

  /// Lets `policy` walk through `environment` greedily, `steps` steps of all its lanes, and compares the columns that both know. old: mean and
  /// variance of each old column.
  package init(
    environment: any VectorEnvironment, policy: InferencePolicy, old: [String: (mean: Double, variance: Double)],
    steps: Int, seed: UInt64
  ) throws(TrainingError) {
    let space = environment.observationSpace
    let lanes = environment.laneCount
    let loop = EnvironmentLoop(environment)
    let moments = RunningMoments(columns: space.count, sliceCount: 1)
    let sessions = (0..<lanes).map { _ in LaneSession(policy) }
    loop.reset(seed: seed)
    for _ in 0..<steps {
      moments.measure(slice: 0, rows: loop.row.observations)
      moments.merge()
      for lane in 0..<lanes {
        loop.actions[lane] = try sessions[lane].decide(
          loop.observation(lane: lane), mask: loop.row.masks[lane], startsEpisode: loop.starts[lane] == 1)
      }
      loop.step()
    }
    columns = space.columns.enumerated().compactMap { place, column in
      old[column.name].map {
        Column(
          name: column.name, oldMean: $0.mean, oldDeviation: $0.variance.squareRoot(), newMean: moments.mean[place],
          newDeviation: moments.variance[place].squareRoot())
      }
    }
  }

  /// Sentences for a terminal or a page: how many columns drift, and the five that moved most. other: who saw what was before. more: where all of
  /// it stands.
  package func lines(than other: String = "the other run", more: String = " (init-from.json has all)") -> [String] {
    let drifting = columns.filter(\.isDrifting).sorted { $0.shift > $1.shift }
    guard !drifting.isEmpty else {
      return [
        "observations: none of \(columns.count) columns drifts by more than half a deviation, half or twice its width"
      ]
    }
    return [
      "observations: \(drifting.count) of \(columns.count) columns drift from what \(other) saw\(more)"
    ]
      + drifting.prefix(5).map { column in
        "  \(column.name): mean \(ConsoleSink.short(column.oldMean)) to \(ConsoleSink.short(column.newMean)), deviation "
          + "\(ConsoleSink.short(column.oldDeviation)) to \(ConsoleSink.short(column.newDeviation))"
      }
  }

  package var json: JSON {
    .array(
      columns.map { column in
        .object([
          "column": .string(column.name), "old_mean": .number(column.oldMean),
          "old_deviation": .number(column.oldDeviation), "new_mean": .number(column.newMean),
          "new_deviation": .number(column.newDeviation), "shift_in_deviations": .number(column.shift),
          "deviation_ratio": .number(column.ratio), "drifts": .bool(column.isDrifting),
        ])
      })
  }
}
