// Does the judged window look like what was learned: what it shows of each column, beside what training saw.

package import AgentInterface
package import Inference
package import Text

/// Counts, column by column, how often what a policy is shown lies outside of what its training saw, or so far from its mean that scaling cuts it.
package struct ObservationFit: Sendable, Equatable {
  package struct Column: Sendable, Equatable {
    package let name: String
    /// What every member's training saw; the least above the largest where they saw nothing in common.
    package let trainedMinimum: Float
    package let trainedMaximum: Float
    /// What was shown here.
    package fileprivate(set) var minimum = Float.infinity
    package fileprivate(set) var maximum = -Float.infinity
    /// Steps in which it lay outside of what training saw.
    package fileprivate(set) var outside = 0
    /// Steps in which scaling cut it to its bound.
    package fileprivate(set) var atBound = 0
    /// The largest distance from its mean in training, in the deviations that the network reads, before the cut.
    package fileprivate(set) var largestDeviation = 0.0

    /// Whether it had one value in all of training: nothing can have been learned of it.
    package var wasConstant: Bool { trainedMinimum == trainedMaximum }
    /// Whether there is something to say about it.
    package var isRemarkable: Bool { wasConstant || outside > 0 || atBound > 0 }
  }

  package private(set) var columns: [Column]
  package private(set) var steps = 0
  /// Steps in which some column lay outside.
  package private(set) var stepsOutside = 0
  /// How each member scales what it reads.
  private let scalings: [ObservationNormalizer]

  /// nil where no member of the policy knows what its training saw.
  package init?(_ policy: DeployedPolicy, _ space: ObservationSpace) {
    guard let bounds = policy.trainingBounds else { return nil }
    columns = space.columns.enumerated().map { place, column in
      Column(name: column.name, trainedMinimum: bounds.minimum[place], trainedMaximum: bounds.maximum[place])
    }
    scalings = policy.members.compactMap(\.policy.normalizer)
  }

  /// Takes in what one decision was shown. row: (D) raw.
  package mutating func add(_ row: Span<Float>) {
    steps += 1
    var isOutside = false
    for place in columns.indices {
      let value = row[place]
      columns[place].minimum = min(columns[place].minimum, value)
      columns[place].maximum = max(columns[place].maximum, value)
      if value < columns[place].trainedMinimum || value > columns[place].trainedMaximum {
        columns[place].outside += 1
        isOutside = true
      }
      var isAtBound = false
      for scaling in scalings {
        let deviation = (scaling.variance[place] + scaling.epsilon).squareRoot()
        let distance = abs(Double(value) - scaling.mean[place]) / deviation
        isAtBound = isAtBound || distance >= scaling.clip
        columns[place].largestDeviation = max(columns[place].largestDeviation, distance)
      }
      if isAtBound { columns[place].atBound += 1 }
    }
    if isOutside { stepsOutside += 1 }
  }

  private func share(_ count: Int) -> Double { Double(count) / Double(max(1, steps)) }

  // MARK: In words

  /// Columns that a sentence names; the JSON has all.
  private static let named = 5

  /// One sentence a kind; none where everything lies within what was learned and nothing was constant.
  package var notes: [String] {
    func number(_ value: Float) -> String { "\(value)" }
    func percent(_ count: Int) -> String { ReportText.percent(share(count), decimals: 1) }
    func listed(_ found: [Column], _ words: (Column) -> String) -> String {
      let rest = found.count - ObservationFit.named
      return found.prefix(ObservationFit.named).map(words).joined(separator: ", ")
        + (rest > 0 ? " and \(rest) more" : "")
    }
    var notes: [String] = []
    let constant = columns.filter(\.wasConstant)
    let moved = constant.filter { $0.outside > 0 }.sorted { $0.outside > $1.outside }
    if !moved.isEmpty {
      notes.append(
        "Constant while it was learned, but not here: "
          + listed(moved) { column in
            let read =
              scalings.isEmpty
              ? "" : ", read as up to \(ReportText.fixed(column.largestDeviation, decimals: 1)) deviations"
            return "\(column.name) (\(number(column.trainedMinimum)) in training, \(number(column.minimum)) to "
              + "\(number(column.maximum)) here, another value in \(percent(column.outside)) of the steps\(read))"
          }
          + ". Nothing was learned of such a column: leave it out, or train where it changes.")
    }
    let still = constant.filter { $0.outside == 0 }
    if !still.isEmpty {
      notes.append(
        "Constant in training and here: " + listed(still) { "\($0.name) (\(number($0.trainedMinimum)))" } + ".")
    }
    let bound = columns.filter { $0.atBound > 0 }.sorted { $0.atBound > $1.atBound }
    if !bound.isEmpty {
      notes.append(
        "Cut to the bound of scaling: " + listed(bound) { "\($0.name) in \(percent($0.atBound)) of the steps" }
          + "; beyond it the policy sees no difference.")
    }
    let outside = columns.filter { $0.outside > 0 && !$0.wasConstant }.sorted { $0.outside > $1.outside }
    if !outside.isEmpty {
      notes.append(
        "Outside of what training saw, some column in \(percent(stepsOutside)) of the steps: "
          + listed(outside) { column in
            let there =
              column.trainedMinimum <= column.trainedMaximum
              ? "\(number(column.trainedMinimum)) to \(number(column.trainedMaximum)) there"
              : "nothing that all members saw there"
            return "\(column.name) in \(percent(column.outside)) (\(there), \(number(column.minimum)) to "
              + "\(number(column.maximum)) here)"
          } + ".")
    }
    return notes
  }

  /// The columns that there is something to say about.
  package var json: JSON {
    .array(
      columns.filter(\.isRemarkable).map { column in
        [
          "column": .string(column.name), "constant_in_training": .bool(column.wasConstant),
          "training_minimum": ReportJSON.number(Double(column.trainedMinimum)),
          "training_maximum": ReportJSON.number(Double(column.trainedMaximum)),
          "minimum": ReportJSON.number(Double(column.minimum)), "maximum": ReportJSON.number(Double(column.maximum)),
          "share_outside": .number(share(column.outside)), "share_at_bound": .number(share(column.atBound)),
        ]
      })
  }
}

/// Decides as another one does, and counts what that one is shown.
final class WatchedDecider: Decider {
  private let decider: any Decider
  private let look: (Span<Float>) -> Void

  init(_ decider: any Decider, look: @escaping (Span<Float>) -> Void) {
    self.decider = decider
    self.look = look
  }

  func decide(_ observation: Span<Float>, mask: ActionMask, startsEpisode: Bool) throws(DecisionError) -> Choice {
    look(observation)
    return try decider.decide(observation, mask: mask, startsEpisode: startsEpisode)
  }
}
