// Evaluation's walks as columns of a file.

internal import AgentInterface
private import Environments
internal import Evaluation
private import Market
internal import Storage
private import Trading

/// Lays walks out as flat columns, one episode behind the other: observations, actions, rewards, terminations, truncations,
/// action_masks, episode_starts, log_probs, probabilities; `episodes` says where each begins and how it was decided, `infos` what the
/// account looked like after each step, `fills` what was executed.
enum RolloutRecorder {
  /// The columns that every walk has. `walks`: how its actions were taken, and its steps.
  static func columns(_ walks: [(isStochastic: Bool, log: DecisionLog)]) -> [String: RolloutFile.Column] {
    let logs = walks.map(\.log)
    guard let first = logs.first else { return [:] }
    func flags(_ path: KeyPath<DecisionLog, [Bool]>) -> RolloutFile.Column {
      .init(.bytes(logs.flatMap { $0[keyPath: path].map { $0 ? 1 : 0 } }))
    }
    var starts: [Int64] = []
    var lengths: [Int64] = []
    var modes: [UInt8] = []
    var row = 0
    for (isStochastic, log) in walks {
      // The last episode of a walk may be cut off by the walk's end; its flags then say neither terminated nor truncated.
      let begins = log.starts.indices.filter { log.starts[$0] }
      for (index, begin) in begins.enumerated() {
        let end = index + 1 < begins.count ? begins[index + 1] : log.starts.count
        starts.append(Int64(row + begin))
        lengths.append(Int64(end - begin))
        modes.append(isStochastic ? 1 : 0)
      }
      row += log.actions.count
    }
    return [
      "observations": .init(.floats(logs.flatMap(\.observations)), width: first.columns),
      "actions": .init(
        .integers(logs.flatMap { log in log.actions.flatMap { log.factors.integers($0) } }), width: first.factors.width),
      "rewards": .init(.floats(logs.flatMap(\.rewards))),
      "terminations": flags(\.terminated),
      "truncations": flags(\.truncated),
      "episode_starts": flags(\.starts),
      "action_masks": .init(
        .bytes(
          logs.flatMap { log in log.masks.flatMap { mask in (0..<log.actionCount).map { mask.allows($0) ? 1 : 0 } } }),
        width: first.actionCount),
      "log_probs": .init(.floats(logs.flatMap(\.logProbabilities))),
      "probabilities": .init(.floats(logs.flatMap(\.probabilities)), width: first.actionCount),
      "episodes/start": .init(.integers(starts)),
      "episodes/length": .init(.integers(lengths)),
      "episodes/is_stochastic": .init(.bytes(modes)),
    ]
  }

  /// The columns of walks through a window: the above, the account and the fills. Money is in micro-dollars, dates are days since 1970.
  static func columns(
    _ walks: [(isStochastic: Bool, record: BacktestRecord)], actionCount: Int, factors: ActionFactors = .one
  )
    -> [String: RolloutFile.Column]
  {
    let records = walks.map(\.record)
    var columns = columns(
      walks.map { ($0.isStochastic, DecisionLog($0.record, actionCount: actionCount, factors: factors)) })
    let accounts = records.flatMap(\.accounts)
    guard let symbols = accounts.first?.shares.count else { return columns }
    func days(_ dates: [CalendarDate]) -> RolloutFile.Column {
      .init(.integers(dates.map { Int64($0.daysSinceEpoch) }))
    }
    columns["infos/decision_date"] = days(records.flatMap(\.decisionDates))
    columns["infos/close_date"] = days(records.flatMap(\.closeDates))
    columns["infos/net_liquidation_microdollars"] = .init(.integers(accounts.map(\.netLiquidationMicroDollars)))
    columns["infos/cash_microdollars"] = .init(.integers(accounts.map(\.cashMicroDollars)))
    columns["infos/shares"] = .init(.doubles(accounts.flatMap(\.shares)), width: symbols)
    columns["infos/units"] = .init(.integers(accounts.flatMap { $0.units.map(Int64.init) }), width: symbols)
    columns["infos/risk_tier"] = .init(.integers(accounts.map { Int64($0.riskTier) }))

    // A fill belongs to the step whose close ends the session that it was made in.
    var steps: [Int64] = []
    var first = 0
    for record in records {
      var step = 0
      for fill in record.fills {
        while step + 1 < record.count, record.accounts[step].bar < fill.bar { step += 1 }
        steps.append(Int64(first + step))
      }
      first += record.count
    }
    let fills = records.flatMap(\.fills)
    func whole(_ value: (Fill) -> Int64) -> RolloutFile.Column { .init(.integers(fills.map(value))) }
    func real(_ path: KeyPath<Fill, Double>) -> RolloutFile.Column { .init(.doubles(fills.map { $0[keyPath: path] })) }
    columns["fills/step"] = .init(.integers(steps))
    columns["fills/symbol"] = whole { Int64($0.symbol) }
    columns["fills/side"] = whole { Int64($0.side) }
    columns["fills/shares"] = real(\.shares)
    columns["fills/reference_price_dollars"] = real(\.referencePriceDollars)
    columns["fills/fill_price_dollars"] = real(\.fillPriceDollars)
    columns["fills/notional_microdollars"] = whole(\.notionalMicroDollars)
    columns["fills/half_spread_microdollars"] = whole(\.halfSpreadCostMicroDollars)
    columns["fills/impact_microdollars"] = whole(\.impactCostMicroDollars)
    columns["fills/commission_microdollars"] = whole(\.commissionMicroDollars)
    columns["fills/was_cut"] = .init(.bytes(fills.map { $0.wasCut ? 1 : 0 }))
    columns["fills/ends_listing"] = .init(.bytes(fills.map { $0.endsListing ? 1 : 0 }))
    return columns
  }
}
