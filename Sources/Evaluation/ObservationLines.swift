// A walk's observations as lines of JSON, the way a policy server reads them.

import AgentInterface

/// Why observations could not be written.
package enum ObservationLinesError: Error, Equatable, CustomStringConvertible {
  case notFinite(decision: Int, column: Int, value: Float)

  package var description: String {
    switch self {
    case .notFinite(let decision, let column, let value):
      "decision \(decision), column \(column): the observation is \(value), which JSON cannot hold; "
        + "check the data that this bar was made of"
    }
  }
}

/// One line a decision: `{"observation": [...], "mask": [0/1 ...], "episode_start": true}`.
package enum ObservationLines {
  /// The whole record as text, one line a decision, each ended by a line break.
  ///
  /// `includesMask`: false for a policy that decides without masks, which would obey one that it is shown.
  package static func text(_ record: BacktestRecord, actionCount: Int, includesMask: Bool = true)
    throws(ObservationLinesError) -> String
  {
    var output = ""
    for decision in 0..<record.count {
      let first = decision * record.observationColumns
      output += try line(
        record.observations[first..<(first + record.observationColumns)],
        mask: includesMask ? record.masks[decision] : nil, actionCount: actionCount,
        startsEpisode: record.starts[decision], decision: decision)
    }
    return output
  }

  /// One decision's line. `decision` is for errors.
  static func line(
    _ observation: ArraySlice<Float>, mask: ActionMask?, actionCount: Int, startsEpisode: Bool, decision: Int
  ) throws(ObservationLinesError) -> String {
    var output = "{\"observation\": ["
    for (column, value) in observation.enumerated() {
      guard value.isFinite else { throw .notFinite(decision: decision, column: column, value: value) }
      if column > 0 { output += ", " }
      output += decimal(value)
    }
    if let mask {
      output += "], \"mask\": ["
      output += (0..<actionCount).map { mask.allows($0) ? "1" : "0" }.joined(separator: ", ")
    }
    return output + "], \"episode_start\": \(startsEpisode)}\n"
  }

  /// Decimal text that gives exactly `value` back, read as a single or as a double and then rounded.
  ///
  /// The shortest digits of a single promise that only for a reader of singles: a reader of doubles rounds twice, and a decimal
  /// close to the middle between two singles may then land on the wrong one. There the digits of the double are written.
  static func decimal(_ value: Float) -> String {
    let short = value.description
    if let asDouble = Double(short), Float(asDouble) == value { return short }
    return Double(value).description
  }
}
