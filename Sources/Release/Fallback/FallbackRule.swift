// When a champion has declined so far that another one, named before, takes its place.

package import Evaluation
private import Storage
private import Text
package import Training

/// A rule that was written before: over the last so many sessions a measure, with its interval; where even the upper end of that lies below a floor, the
/// named version takes the champion's place.
package struct FallbackRule: Sendable, Equatable, CustomStringConvertible {
  package enum Measure: String, Sendable, CaseIterable {
    /// Annual, over cash.
    case sharpe
    /// The mean a session, over cash.
    case meanReturn = "mean_return"
  }

  /// Sessions that it looks back over.
  package var window: Int
  package var measure: Measure
  package var floor: Double
  /// Of the interval, two-sided: 0.95 for 95 %.
  package var confidence: Double
  /// The version that takes over, as the registry names it.
  package var version: String
  /// Of the bootstrap.
  package var seed: UInt64

  /// Below this many sessions nothing can be told from luck.
  package static let fewestSessions = 20

  package init(
    window: Int, measure: Measure = .sharpe, floor: Double = 0, confidence: Double = 0.95, version: String,
    seed: UInt64 = 0
  ) throws(TrainingError) {
    guard window >= FallbackRule.fewestSessions else {
      throw .refused(
        "a fallback that looks back over \(window) sessions follows luck; take at least \(FallbackRule.fewestSessions)")
    }
    guard floor.isFinite, 0.5..<1 ~= confidence else {
      throw .refused(
        "a fallback needs a finite floor and a confidence from 0.5 to below 1, not \(floor) and \(confidence)")
    }
    self.window = window
    self.measure = measure
    self.floor = floor
    self.confidence = confidence
    self.version = version
    self.seed = seed
  }

  package var description: String {
    "fallback to \(version) where the \(ReportText.shortest(100 * confidence)) % interval of \(measure.rawValue) over the last \(window) "
      + "sessions lies below \(ReportText.shortest(floor))"
  }

  package enum Finding: Sendable, Equatable {
    /// So many sessions are fewer than the window.
    case tooFew(Int)
    /// Nothing was risked in the window, so that there is nothing to judge.
    case idle
    case holds(Interval)
    case fallsBack(Interval)
  }

  /// returns: (T) of the champion since it serves, over cash.
  package func judge(_ returns: [Double]) -> Finding {
    guard returns.count >= window else { return .tooFew(returns.count) }
    let last = Array(returns.suffix(window))
    let found: Interval? =
      switch measure {
      case .sharpe: SharpeComparison(policy: last, seed: seed, lane: 0, confidence: confidence)?.difference
      case .meanReturn: ReturnStatistics.sharpe(last) == nil ? nil : mean(last)
      }
    guard let found else { return .idle }
    return found.upper < floor ? .fallsBack(found) : .holds(found)
  }

  private func mean(_ returns: [Double]) -> Interval? {
    Bootstrap.stationaryMean(
      returns, seed: seed, expectedBlock: BlockLength.stationary(returns), confidence: confidence)
  }

  /// Judges, moves the champion's name in the registry where the rule says so, and tells what was done in a sentence.
  package func apply(to registry: Registry, returns: [Double]) throws(TrainingError) -> (moved: Bool, sentence: String)
  {
    func text(_ interval: Interval) -> String {
      func number(_ value: Double) -> String { ReportText.fixed(value, decimals: measure == .sharpe ? 2 : 5) }
      return "\(number(interval.estimate)) (\(number(interval.lower)) to \(number(interval.upper)))"
    }
    switch judge(returns) {
    case .tooFew(let count):
      return (false, "The champion stays: \(count) sessions are fewer than the \(window) of the rule.")
    case .idle:
      return (false, "The champion stays: it risked nothing over the last \(window) sessions.")
    case .holds(let found):
      return (
        false,
        "The champion stays: its \(measure.rawValue) over the last \(window) sessions was \(text(found)), not all of it below "
          + "\(ReportText.shortest(floor))."
      )
    case .fallsBack(let found):
      let reason = "\(measure.rawValue) over the last \(window) sessions was \(text(found))"
      guard try registry.aliases()[.champion] != version else {
        return (false, "\(version) serves already, and declines itself: \(reason).")
      }
      try registry.move(.champion, to: version, reason: reason, rule: description)
      return (true, "\(version) took the champion's place: \(reason), all of it below \(ReportText.shortest(floor)).")
    }
  }

  /// (T) what the policy earned over cash, from a table of daily returns as an evaluation writes it.
  package static func returns(inFile path: String) throws(TrainingError) -> [Double] {
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read(path, limitBytes: 1 << 26)
    } catch {
      throw .storage(error)
    }
    let rows = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard let header = rows.first, let policy = header.firstIndex(of: "policy") else {
      throw .incomplete(
        path: path, what: "column policy", remedy: "take the daily-returns.csv that `strikeforge evaluate` wrote")
    }
    let cash = header.firstIndex(of: "cash")
    var returns: [Double] = []
    for (line, row) in rows.enumerated().dropFirst() {
      func number(_ column: Int) -> Double? {
        guard row.indices.contains(column), case .value(let value) = DecimalNumber.parse(Array(row[column].utf8)[...])
        else { return nil }
        return value
      }
      // An account that was lost has no return any more.
      if row.indices.contains(policy), row[policy].isEmpty { break }
      guard let own = number(policy), let safe = cash.map(number) ?? 0 else {
        throw .incomplete(
          path: path, what: "number in line \(line + 1)",
          remedy: "take the daily-returns.csv that `strikeforge evaluate` wrote")
      }
      returns.append(own - safe)
    }
    return returns
  }
}
