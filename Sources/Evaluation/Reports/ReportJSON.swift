// The report's figures as JSON: undefined is null, with the reason beside it.

import Environments
import Market
package import Text
import Trading

extension EvaluationReport {
  /// Everything as JSON. A figure that is undefined is null, and `undefined` says why.
  package var json: JSON {
    var members = commonMembers.merging(quantJSON) { $1 }
    members["outside_training"] = context.fit?.json ?? .null
    return .object(members)
  }

  private var commonMembers: [String: JSON] {
    [
      "kind": .string("backtest"), "report": .string(context.kind.rawValue.lowercased()),
      "warnings": .array(context.warnings.map { .string($0) }),
      "qualifications": .array(context.qualifications.map { .string($0) }),
      "desk": desk?.json ?? .null,
      "run": .string(context.run),
      "policy": .string(context.policy),
      "algorithm": .string(context.algorithm),
      "environment": .string(context.environment),
      "symbols": .array(context.symbols.map { .string($0) }),
      "synthetic_symbols": .array(context.syntheticSymbols.map { .string($0) }),
      "synthetic_quotes": .array(context.syntheticQuotes.map { .string($0) }),
      "surface_handouts": .array(context.handouts.map(\.json)),
      "by_symbol": .array(bySymbol.map(\.json)),
      "listings": .array(listings.map(ReportJSON.listing)),
      "data_fingerprint": .string(context.dataFingerprint),
      "window": .object([
        "name": .string(context.windowName), "first": .string(dates.first?.description ?? ""),
        "first_decision": .string(firstDecisionDate.description), "last": .string(dates.last?.description ?? ""),
        "sessions": .integer(Int64(dates.count)),
      ]),
      "split": ReportJSON.lines(context.split),
      "execution": ReportJSON.lines(context.execution),
      "allowances": .array(
        context.allowances.map { .object(["finding": .string($0.finding), "reason": .string($0.reason)]) }),
      "notes": .array(context.notes.map { .string($0) }),
      "provenance": ReportJSON.lines(context.provenance),
      "seed": .string(String(seed)),
      "random_trading": random.map { ReportJSON.random($0, verdict) } ?? .null,
      "bootstrap": .object([
        "resamples": .integer(Int64(Bootstrap.resamples)), "confidence": .number(Bootstrap.confidence),
        "sharpe_resamples": .integer(Int64(SharpeComparison.resamples)),
      ]),
      "dates": .array(dates.map { .string($0.description) }),
      "accounts": .array(accounts.map(ReportJSON.account)),
      "verdict": ReportJSON.verdict(
        verdict, headline: context.headline(verdict), more: context.leadingSentences + lookCaveats),
      "stochastic_verdict": stochasticVerdict.map { ReportJSON.verdict($0, headline: context.headline($0)) } ?? .null,
      "ensemble": ensemble?.json ?? .null,
    ]
  }
}

enum ReportJSON {
  /// Null for nil and for what JSON cannot hold.
  static func number(_ value: Double?) -> JSON {
    guard let value, value.isFinite else { return .null }
    return .number(value)
  }

  static func interval(_ interval: Interval?) -> JSON {
    guard let interval else { return .null }
    return .object([
      "estimate": number(interval.estimate), "lower": number(interval.lower), "upper": number(interval.upper),
      "confidence": number(interval.confidence),
    ])
  }

  static func listing(_ listing: WalkedListing) -> JSON {
    .object([
      "symbol": .string(listing.symbol), "first": .string(listing.first.description),
      "last": .string(listing.last.description), "decisions": .integer(Int64(listing.decisions)),
      "masked_decisions": .integer(Int64(listing.maskedDecisions)),
      "closed_at_last_close": .integer(Int64(listing.closedAtEnd)),
    ])
  }

  static func lines(_ lines: [EvaluationContext.Line]) -> JSON {
    .array(lines.map { .object(["name": .string($0.name), "text": .string($0.text)]) })
  }

  static func verdict(_ verdict: Verdict, headline: String, more caveats: [String] = []) -> JSON {
    .object([
      "edge_found": .bool(verdict.edgeFound),
      "claim": .string(claim(verdict)),
      "headline": .string(headline),
      "family_error": .number(Verdict.familyError),
      "not_told_from": .array(verdict.notToldFrom.map { .string($0) }),
      "detectable_sharpe": number(verdict.detectableSharpe),
      "sessions": .integer(Int64(verdict.sessions)),
      "caveats": .array((verdict.caveats + caveats).map { .string($0) }),
      "sharpe_minus_baseline": .array(
        verdict.comparisons.map {
          .object([
            "baseline": .string($0.baseline), "interval": interval($0.sharpe?.difference),
            "standard_error": number($0.sharpe?.standardError), "p": number($0.pValue),
            "p_corrected": number($0.adjusted),
            "alpha_a_year": interval($0.sharpe?.alpha), "block_sessions": number($0.sharpe?.expectedBlock),
            "found": .bool($0.isFound), "sentence": .string($0.sentence),
          ])
        }),
    ])
  }

  private static func claim(_ verdict: Verdict) -> String {
    switch verdict.claim {
    case .none: "none"
    case .overFlatAndChance: "flat_and_chance"
    case .overEverything: "every_baseline"
    }
  }

  static func random(_ random: RandomTrading, _ verdict: Verdict) -> JSON {
    func quantiles(_ values: (Double) -> Double, _ all: [Double]) -> JSON {
      .object([
        "lower_5_percent": number(values(0.05)), "median": number(values(0.5)),
        "upper_95_percent": number(values(0.95)),
        "all": .array(all.map(number)),
      ])
    }
    return .object([
      "draws": .integer(Int64(random.draws)),
      "matched_by": .string(
        random.isWithinSessions
          ? "positions of a session, in another session of the symbol and at other minutes"
          : "spells of position a symbol, in another order"),
      "spells_per_symbol": .object(
        Dictionary(uniqueKeysWithValues: zip(random.symbols, random.spellsPerSymbol.map { .integer(Int64($0)) }))),
      "orders_per_symbol": .object(
        Dictionary(uniqueKeysWithValues: zip(random.symbols, random.ordersPerSymbol.map { .integer(Int64($0)) }))),
      "p": number(verdict.chancePValue), "p_corrected": number(verdict.chanceAdjusted),
      "sharpe": quantiles(random.sharpe, random.sharpeRatios),
      "total_return": quantiles(random.totalReturn, random.totalReturns),
      "median_turnover_per_year": number(random.medianTurnoverPerYear),
      "median_fills": number(random.medianFills),
      "median_time_in_position": number(random.medianTimeInPosition),
    ])
  }

  /// The parts of the change of value, in dollars, and of the reward that a learner would have got. Penalties are no money: `total` leaves
  /// them out.
  static func breakdown(_ breakdown: StepBreakdown) -> JSON {
    func dollars(_ amount: Int64) -> JSON { number(PerformanceMetrics.dollars(amount)) }
    let (change, penalties) = (breakdown.change, breakdown.penalties)
    return .object([
      "price_profit_dollars": dollars(change.priceProfit),
      "half_spread_cost_dollars": dollars(change.halfSpreadCost),
      "impact_cost_dollars": dollars(change.impactCost), "commission_dollars": dollars(change.commission),
      "mark_change_dollars": dollars(change.markChange), "total_dollars": dollars(change.total),
      "turnover_penalty": dollars(penalties.turnover), "drawdown_penalty": dollars(penalties.drawdown),
      "momentum_penalty": dollars(penalties.momentum),
      "reward": dollars(breakdown.reward),
    ])
  }

  static func account(_ account: AccountReport) -> JSON {
    let metrics = account.metrics
    var members: [String: JSON] = [
      "name": .string(account.name),
      "sessions": .integer(Int64(metrics.sessions)),
      "decisions": .integer(Int64(account.decisions)),
      "illegal_attempts": .integer(Int64(account.illegalAttempts)),
      "fills": .integer(Int64(account.fillCount)),
      "cut_fills": .integer(Int64(account.cutFillCount)),
      "unknown_volume_fills": .integer(Int64(account.unknownVolumeFillCount)),
      "restricted_sessions": .integer(Int64(account.restrictedSessions)),
      "account_lost": .bool(account.wasLost),
      "last_date": .string(account.lastDate.description),
      "initial_dollars": number(metrics.initialDollars),
      "final_dollars": number(metrics.finalDollars),
      "traded_dollars": number(metrics.tradedDollars),
      "cost_dollars": number(metrics.costDollars),
      "gross_gain_dollars": number(metrics.grossDollars),
      "closed_trades": .integer(Int64(metrics.tradeCount)),
      "winning_trades": .integer(Int64(metrics.winCount)),
      "open_positions": .integer(Int64(metrics.openPositionCount)),
      "net_liquidation_dollars": .array(account.closes.map(number)),
    ]
    var undefined: [String: JSON] = [:]
    let further = [
      MetricFigure("mean_confidence", account.meanConfidence, "it has no probabilities"),
      MetricFigure("mean_capital_at_work_dollars", account.exposure.meanAtWork, "nothing was held"),
      MetricFigure("return_on_capital_at_work", account.exposure.returnOnCapitalAtWork, "nothing was held"),
    ]
    for figure in metrics.figures + further {
      members[figure.key] = number(figure.value)
      if let value = figure.value, value.isFinite { continue }
      undefined[figure.key] = .string(figure.value == nil ? figure.reason : "beyond double precision")
    }
    if let drawdown = metrics.maximumDrawdown {
      members["maximum_drawdown_sessions"] = .integer(Int64(drawdown.durationSessions))
      members["maximum_drawdown_recovered"] = .bool(drawdown.depth == 0 || drawdown.recovery != nil)
      members["longest_underwater_sessions"] = .integer(Int64(drawdown.longestUnderwaterSessions))
    }
    members["step_breakdown"] = breakdown(account.breakdown)
    members["expectancy_interval"] = interval(metrics.expectancyInterval)
    if metrics.expectancyInterval == nil {
      undefined["expectancy_interval"] = .string("fewer than two closed trades")
    }
    members["undefined"] = .object(undefined)
    return .object(members)
  }
}

/// A figure that may be undefined, and why it then is.
struct MetricFigure {
  let key: String
  let value: Double?
  let reason: String

  init(_ key: String, _ value: Double?, _ reason: String) {
    self.key = key
    self.value = value
    self.reason = reason
  }
}

extension PerformanceMetrics {
  /// The figures that may be undefined, with the reason that holds where one is.
  var figures: [MetricFigure] {
    let few = "fewer than two sessions"
    let withoutLosses =
      if case .noLosses(let wins) = profitFactor { "no losses in \(wins) winning trades" } else {
        "no closed trade won or lost"
      }
    var ratio: Double?
    if case .ratio(let value) = profitFactor { ratio = value }
    return [
      MetricFigure("total_return", totalReturn, "no session"),
      MetricFigure("annual_return", annualReturn, sessions == 0 ? "no session" : "the account ended below zero"),
      MetricFigure("annual_volatility", annualVolatility, few),
      MetricFigure("sharpe", sharpe, sessions < 2 ? few : "the daily returns do not vary"),
      MetricFigure("sharpe_standard_error", sharpeStandardError, "the Sharpe ratio is undefined"),
      MetricFigure("sharpe_lower", sharpeInterval?.lower, "the Sharpe ratio is undefined"),
      MetricFigure("sharpe_upper", sharpeInterval?.upper, "the Sharpe ratio is undefined"),
      MetricFigure("sortino", sortino, sessions < 2 ? few : "no session lost anything"),
      MetricFigure("maximum_drawdown", maximumDrawdown?.depth, "no session"),
      MetricFigure(
        "calmar", calmar, maximumDrawdown?.depth == 0 ? "the value never fell" : "the annual return is undefined"),
      MetricFigure("turnover", turnover, sessions == 0 ? "no session" : "the mean value is not positive"),
      MetricFigure(
        "turnover_per_year", turnoverPerYear, sessions == 0 ? "no session" : "the mean value is not positive"),
      MetricFigure("cost_share", costShare, "no gross gain that costs could take a share of"),
      MetricFigure("time_in_position", timeInPosition, "no session"),
      MetricFigure("win_rate", winRate, "no closed trade"),
      MetricFigure("win_rate_standard_error", winRateStandardError, "no closed trade"),
      MetricFigure("profit_factor", ratio, withoutLosses),
      MetricFigure("expectancy_dollars", expectancyDollars, "no closed trade"),
      MetricFigure("median_holding_sessions", medianHoldingSessions, "no closed trade"),
    ]
  }
}
