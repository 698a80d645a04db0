// What fits before a deadline: in the plan's order, with what must come afterwards kept back first.

private import Evaluation
package import Training

/// How long something takes, in seconds of a monotonic clock.
package struct Cost: Sendable, Equatable {
  /// On average.
  package var expected: Double
  /// In nine of ten cases it takes no longer.
  package var safe: Double
  /// Less is not hoped for, whatever the scatter: 0 where nothing is known of that.
  package var fastest: Double

  package init(expected: Double, safe: Double, fastest: Double = 0) {
    precondition(expected >= 0 && safe >= expected, "\(safe) s at most, \(expected) s on average")
    self.expected = expected
    self.safe = safe
    self.fastest = fastest
  }

  /// Of `amount` units of work, where trials of them took so long a unit, seconds: their mean, and the mean with 1.2816 (90 %, one-sided, of a
  /// normal distribution) times how far the mean of so many further units may lie from it. That is their own scatter, which evens out the more there are
  /// of them, the error of the mean, and a tenth of it, since trials in a row do not see what the machine will do later. A single trial says nothing of
  /// the scatter: `scatter` is taken, a share of the mean.
  package init(of amount: Double, secondsPerUnit trials: [Double], scatter usual: Double = 0.2) {
    precondition(!trials.isEmpty && amount >= 0, "\(trials.count) trials of \(amount)")
    let mean = ReturnStatistics.mean(trials) ?? 0
    let scatter = ReturnStatistics.standardDeviation(trials) ?? usual * mean
    let error = (scatter * scatter * (1 / max(1, amount) + 1 / Double(trials.count)) + mean * mean / 100).squareRoot()
    self.init(
      expected: amount * mean, safe: amount * (mean + 1.2816 * error), fastest: 0.8 * amount * (trials.min() ?? 0))
  }

  /// In one of ten cases it takes no longer: as far below the average as the safe cost lies above it, and not a fifth below the fastest trial, since
  /// trials that were held up say nothing of a machine that is faster.
  package var least: Double { max(fastest, 2 * expected - safe) }

  /// One behind the other. Whatever slows one down slows the other too, so that nothing is taken off.
  package static func + (one: Cost, other: Cost) -> Cost {
    Cost(
      expected: one.expected + other.expected, safe: one.safe + other.safe, fastest: one.fastest + other.fastest)
  }
}

/// What is trained before a deadline, and what is not and why.
package struct DeadlinePlan: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var name: String
    package var training: Cost
    /// Of what was trained, right behind it.
    package var judging: Cost
    package var cost: Cost { training + judging }

    package init(name: String, training: Cost, judging: Cost) {
      self.name = name
      (self.training, self.judging) = (training, judging)
    }
  }

  /// Seconds from now to the deadline.
  package let seconds: Double
  /// Kept back for what follows training: the gate, the winner's report, export, publication.
  package let reserve: Cost
  /// In the plan's order.
  package let kept: [Entry]
  /// Begun behind them, where it may end in time but not safely so, and stopped where it does not: else the time would be lost.
  package let tried: Entry?
  package let cut: [Entry]

  /// Takes entries in their order as long as they fit, each at its safe cost; one that does not fit is cut, and a later, cheaper one may still fit. The first
  /// of those that are cut which has a chance of one in ten to be trained and judged in what is left is tried.
  /// Throws where not even the reserve fits, or none of the entries beside it, with what would. used: seconds that went by before, which another start needs
  /// too.
  package init(_ entries: [Entry], seconds: Double, reserve: Cost, used: Double = 0) throws(TrainingError) {
    var left = seconds - reserve.safe
    var (kept, cut): ([Entry], [Entry]) = ([], [])
    for entry in entries {
      if entry.cost.safe <= left {
        kept.append(entry)
        left -= entry.cost.safe
      } else {
        cut.append(entry)
      }
    }
    let tried = cut.firstIndex { $0.cost.least <= left }
    guard seconds >= reserve.safe, !kept.isEmpty || tried != nil || entries.isEmpty else {
      throw .refused(
        "\(seconds > 0 ? "\(DeadlinePlan.text(seconds)) are" : "no time is") left until the deadline, but the report, export and publication alone may take "
          + "\(DeadlinePlan.text(reserve.safe))\(seconds < reserve.safe ? "" : ", and no candidate fits beside them"); "
          + (entries.first.map {
            "a deadline \(DeadlinePlan.text(used + reserve.safe + $0.cost.safe)) away has room for the first candidate, \($0.name)"
          } ?? "move the deadline"))
    }
    self.tried = tried.map { cut.remove(at: $0) }
    self.seconds = seconds
    self.reserve = reserve
    self.kept = kept
    self.cut = cut
  }

  /// For a person, before it starts.
  package var lines: [String] {
    var lines = [
      "\(DeadlinePlan.text(seconds)) until the deadline, of which \(DeadlinePlan.text(reserve.safe)) are kept back for what follows training"
    ]
    var spent = 0.0
    for entry in kept {
      spent += entry.cost.safe
      lines.append(
        "  \(entry.name): \(DeadlinePlan.text(entry.cost.expected)), at most \(DeadlinePlan.text(entry.cost.safe)); then "
          + "\(DeadlinePlan.text(seconds - reserve.safe - spent)) are left")
    }
    if let tried {
      lines.append(
        "  \(tried.name): \(DeadlinePlan.text(tried.cost.expected)), at most \(DeadlinePlan.text(tried.cost.safe)); begun with what is left, and stopped "
          + "where it takes longer")
    }
    for entry in cut {
      lines.append(
        "  \(entry.name): cut, since it may take \(DeadlinePlan.text(entry.cost.safe)), more than is left for it")
    }
    return lines
  }

  static func text(_ seconds: Double) -> String {
    if seconds < 120 { return "\(ReportText.fixed(seconds, decimals: 1)) s" }
    return seconds < 7200
      ? "\(ReportText.fixed(seconds / 60, decimals: 1)) min" : "\(ReportText.fixed(seconds / 3600, decimals: 1)) h"
  }
}
