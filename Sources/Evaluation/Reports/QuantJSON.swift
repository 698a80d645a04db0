// Cash, dividends, market, time and costs, and how often one has looked, as JSON.

internal import Environments
internal import Market
internal import Text

extension EvaluationReport {
  /// Members of the report's object.
  var quantJSON: [String: JSON] {
    [
      "cash_rate": .object([
        "annual": quant.cash.column == nil ? ReportJSON.number(quant.meanCashRate) : .null,
        "column": quant.cash.column.map(JSON.string) ?? .null,
        "mean_annual": ReportJSON.number(quant.meanCashRate),
        "convention": "annual fraction, compounded over 252 sessions, known at the close before a session",
      ]),
      "dividends": .array(
        context.distributions.map {
          .object(["symbol": .string($0.symbol), "factors_hold": .string($0.kind.word)])
        }),
      "alpha_beta": alphaBetaJSON,
      "rolling_sharpe": quant.rollingSharpe.map(ReportJSON.rolling) ?? .null,
      "doubled_costs": quant.doubledCosts.map(doubledJSON) ?? .null,
      "fragility": quant.fragility.map { fragility in
        .object([
          "factor": .number(Fragility.factor), "usual": ReportJSON.number(fragility.usual),
          "costlier": ReportJSON.number(fragility.costlier), "fragile": .bool(fragility.isFragile),
        ])
      } ?? .null,
      "inside_spread": .object([
        "dollars": ReportJSON.number(greedy.insideSpreadDollars),
        "share_of_gross_gain": ReportJSON.number(greedy.insideSpreadShare),
      ]),
      "stress_test": stressJSON,
      "looks": context.looks.map(ReportJSON.looks) ?? .null,
      "deflated_sharpe": quant.deflated.map(ReportJSON.deflated) ?? .null,
    ]
  }

  private var alphaBetaJSON: JSON {
    guard let market = quant.market else { return .null }
    let found = quant.alphaBeta
    return .object([
      "against": .string(market.name), "kind": .string(market.kind.word),
      "alpha_per_year": ReportJSON.interval(found?.alphaPerYearInterval),
      "alpha_per_year_standard_error": ReportJSON.number(found?.alphaPerYearStandardError),
      "beta": ReportJSON.interval(found?.betaInterval),
      "beta_standard_error": ReportJSON.number(found?.betaStandardError),
      "r_squared": ReportJSON.number(found?.rSquared),
      "lags": found.map { .integer(Int64($0.lags)) } ?? .null,
      "sessions": found.map { .integer(Int64($0.sessions)) } ?? .null,
    ])
  }

  private func doubledJSON(_ doubled: DoubledCosts) -> JSON {
    .object([
      "execution": ReportJSON.lines(doubled.rules),
      "account": ReportJSON.account(doubled.account),
      "sign_changes": .array(
        doubled.flips(from: greedy).map {
          .object([
            "figure": .string($0.name), "usual": ReportJSON.number($0.usual), "doubled": ReportJSON.number($0.doubled),
          ])
        }),
    ])
  }
}

extension ReportJSON {
  static func rolling(_ rolling: RollingSharpe) -> JSON {
    .object([
      "sessions": .integer(Int64(rolling.span)),
      "dates": .array(rolling.dates.map { .string($0.description) }),
      "ratios": .array(rolling.ratios.map(number)),
      "standard_errors": .array(
        rolling.ratios.map { ratio in
          number(ratio.flatMap { ReturnStatistics.sharpeStandardError(annualSharpe: $0, sessions: rolling.span) })
        }),
    ])
  }

  static func deflated(_ deflated: DeflatedSharpe) -> JSON {
    .object([
      "trials": .integer(Int64(deflated.trials)), "trial_deviation": number(deflated.trialDeviation),
      "threshold": number(deflated.threshold), "probability_above_zero": number(deflated.probabilityAboveZero),
      "probability": number(deflated.probability),
    ])
  }

  static func looks(_ looks: WindowLooks) -> JSON {
    .object([
      "count": .integer(Int64(looks.count)), "place": .integer(Int64(looks.place)),
      "overlapping": .integer(Int64(looks.overlapping)), "trials": .integer(Int64(looks.trials)),
      "ledger": .string(looks.ledger),
      "faults": .array(looks.faults.map { .string($0) }),
      "unrecorded": looks.unrecorded.map(JSON.string) ?? .null,
    ])
  }
}

extension Distributions.Kind {
  fileprivate var word: String {
    switch self {
    case .none: "nothing"
    case .splits: "splits"
    case .dividends: "dividends"
    }
  }
}

extension MarketReference.Kind {
  fileprivate var word: String {
    switch self {
    case .benchmark: "benchmark"
    case .index: "index"
    case .buyAndHold: "buy_and_hold"
    }
  }
}
