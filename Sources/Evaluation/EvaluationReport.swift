// All that an evaluation says, as one value.

package import Environments
package import Market
import Trading

/// What was evaluated, on what, and under which rules; filled in by whoever knows the run.
package struct EvaluationContext: Sendable, Equatable {
  /// What the report is called: of a run's own window, or of any span.
  package enum Kind: String, Sendable {
    case evaluation = "Evaluation"
    case backtest = "Backtest"
  }

  /// A finding of the quality gate that a person allowed.
  package struct Allowance: Sendable, Equatable {
    /// For example `price-continuity:AAPL:2000-09-29`.
    package var finding: String
    package var reason: String

    package init(finding: String, reason: String) {
      self.finding = finding
      self.reason = reason
    }
  }

  /// A named line of text, for example ("half-spread", "2 basis points").
  package typealias Line = RuleLine

  package var run: String
  /// Which file decided, with its digest.
  package var policy: String
  package var algorithm: String
  package var environment: String
  package var symbols: [String]
  /// Content hash of the data.
  package var dataFingerprint: String
  /// What the window is to the run, for example `held out`.
  package var windowName: String
  /// The run's split, in order: for example ("training", "to 2009-12-31"), ("held out", "from 2011-01-03").
  package var split: [Line]
  package var allowances: [Allowance]
  /// The execution model and costs in use.
  package var execution: [Line]
  /// Further remarks, each printed as a note.
  package var notes: [String]
  /// What else the figures stand on: digests, seeds, versions.
  package var provenance: [Line]
  /// What the window showed beside what training saw; nil where that was not written down.
  package var fit: ObservationFit?
  /// What the adjustment factors of the symbols hold.
  package var distributions: [Distributions]
  /// How often the window has been looked at; nil where nobody counts.
  package var looks: WindowLooks?
  /// Those symbols whose bars are made up.
  package var syntheticSymbols: [String] = []
  /// Those whose options have quotes that are made up, and what of; empty where options are traded on quotes of a market, or none are.
  package var syntheticQuotes: [String] = []
  /// What the surfaces of those quotes themselves handed out.
  package var handouts: [SurfaceHandout] = []
  package var kind = Kind.evaluation
  /// What must be read before any figure: each leads the report.
  package var warnings: [String] = []
  /// What narrows the claim of an edge, such as `with ideal fills`: said behind it, wherever it stands.
  package var qualifications: [String] = []

  package init(
    run: String, policy: String, algorithm: String, environment: String, symbols: [String], dataFingerprint: String,
    windowName: String, split: [Line], allowances: [Allowance], execution: [Line], notes: [String] = [],
    provenance: [Line] = [], distributions: [Distributions] = [], looks: WindowLooks? = nil
  ) {
    self.run = run
    self.policy = policy
    self.algorithm = algorithm
    self.environment = environment
    self.symbols = symbols
    self.dataFingerprint = dataFingerprint
    self.windowName = windowName
    self.split = split
    self.allowances = allowances
    self.execution = execution
    self.notes = notes
    self.provenance = provenance
    self.distributions = distributions
    self.looks = looks
  }
}

extension EvaluationContext {
  /// What everyone must read first who sees a figure of made-up bars.
  package static func syntheticSentence(_ symbols: [String]) -> String {
    "SYNTHETIC: the bars of \(symbols.joined(separator: ", ")) are made up by strikeforge synthesize; what is earned on them proves nothing of a market"
  }

  /// What everyone must read first who sees a figure of made-up quotes.
  package static func syntheticQuotesSentence(_ symbols: [String]) -> String {
    "SYNTHETIC: nobody quoted the options of \(symbols.joined(separator: ", ")) as they are here, where a model made the quotes of an index; what is "
      + "earned on them proves nothing of a market"
  }

  /// Of fills that nobody gets: whatever rests on them is marked on every page.
  package static let idealQualification = "with ideal fills"

  /// What stands across every page; nothing where orders were filled as anybody's would be.
  package var watermark: String {
    qualifications.contains(EvaluationContext.idealQualification)
      ? EvaluationContext.idealQualification.uppercased() : ""
  }

  /// Whether anything of it is made up.
  var isSynthetic: Bool { !syntheticSymbols.isEmpty || !syntheticQuotes.isEmpty }

  /// Those sentences, where there is anything made up.
  var syntheticSentences: [String] {
    (syntheticSymbols.isEmpty ? [] : [EvaluationContext.syntheticSentence(syntheticSymbols) + "."])
      + (syntheticQuotes.isEmpty ? [] : [EvaluationContext.syntheticQuotesSentence(syntheticQuotes) + "."])
  }

  /// What leads the report.
  package var leadingSentences: [String] { warnings + syntheticSentences }

  /// What stands behind every title.
  package var stamp: String {
    (isSynthetic ? ", SYNTHETIC" : "") + qualifications.map { ", " + $0.uppercased() }.joined()
  }

  /// What a verdict comes to here: a claim is never made without what narrows it.
  package func headline(_ verdict: Verdict) -> String {
    guard verdict.edgeFound else { return verdict.headline }
    let narrowed = (isSynthetic ? ["on a synthetic surface or bars"] : []) + qualifications
    return ([verdict.headline] + narrowed).joined(separator: ", ")
  }
}

/// One account of the report: a way of deciding with what became of it.
package struct AccountReport: Sendable, Equatable {
  package var name: String
  package var metrics: PerformanceMetrics
  package var decisions: Int
  package var illegalAttempts: Int
  package var fillCount: Int
  /// Fills cut to what cash could pay.
  package var cutFillCount: Int
  /// Fills whose volume was unknown, so that the impact is the conservative one.
  package var unknownVolumeFillCount: Int
  /// What fills were better than the far touch by, dollars.
  package var insideSpreadDollars: Double
  /// Mean probability of the chosen actions; nil for baselines.
  package var meanConfidence: Double?
  /// Sessions that closed in a risk tier of reduce or halt.
  package var restrictedSessions: Int
  /// The account fell to zero or below and traded no further.
  package var wasLost: Bool
  package var sessions: WalkedSessions
  /// Net liquidation value at each close, dollars.
  package var closes: [Double]
  /// The share of that value that is not cash, at each close.
  package var investedShares: [Double]
  /// (S, T) signed units held at each close.
  package var units: [[Int]]
  /// What was at work, and what that earned.
  package var exposure: Exposure
  /// What was paid up to each close.
  package var costs: [CostsSoFar]

  /// Costs in dollars, summed from the window's begin.
  package struct CostsSoFar: Sendable, Equatable {
    package var halfSpread = 0.0
    package var impact = 0.0
    package var commission = 0.0
    package var total: Double { halfSpread + impact + commission }
  }
  /// Where the value went, summed over the walk, and the penalties that a learner's reward would have held.
  package var breakdown: StepBreakdown

  /// seed: of the bootstraps. cash: what returns are counted over. Traps where nothing was walked.
  package init(name: String, record: BacktestRecord, seed: UInt64, cash: CashRate = .zero) {
    precondition(record.count > 0, "an account without a session")
    self.name = name
    sessions = record.sessions
    metrics = record.metrics(seed: seed, cashReturns: cash.returns(decisionDates: sessions.datesBefore))
    decisions = record.count
    illegalAttempts = record.illegalAttempts
    fillCount = record.fills.count
    cutFillCount = record.fills.count(where: { $0.wasCut })
    unknownVolumeFillCount = record.fills.count(where: { $0.volumeWasUnknown })
    insideSpreadDollars = PerformanceMetrics.dollars(record.fills.reduce(0) { $0 + $1.insideSpreadMicroDollars })
    meanConfidence = record.meanConfidence
    let (ends, tiers) = (record.sessionEnds, record.accounts.riskTiers)
    restrictedSessions = ends.count { tiers[$0] >= 2 }
    wasLost = record.endedByTermination
    closes = record.closes
    breakdown = record.breakdown
    investedShares = AccountReport.investedShares(record)
    units = (0..<record.accounts.symbolCount).map { symbol in
      ends.map { record.accounts.units($0, symbol: symbol) }
    }
    exposure = record.exposure
    var paid = CostsSoFar()
    var fills = record.fills[...]
    let bars = record.accounts.bars
    costs = ends.map { end in
      while let fill = fills.first, fill.bar <= bars[end] {
        paid.halfSpread += PerformanceMetrics.dollars(fill.halfSpreadCostMicroDollars)
        paid.impact += PerformanceMetrics.dollars(fill.impactCostMicroDollars)
        paid.commission += PerformanceMetrics.dollars(fill.commissionMicroDollars)
        fills.removeFirst()
      }
      return paid
    }
  }

  /// The close of the last session: of the account's end, where it was lost.
  package var lastDate: CalendarDate { sessions.dates[sessions.dates.count - 1] }

  /// That of the gross gain; nil where there was none.
  package var insideSpreadShare: Double? {
    metrics.grossDollars > 0 ? insideSpreadDollars / metrics.grossDollars : nil
  }

  /// (K)
  package var dailyReturns: [Double] { ReturnStatistics.dailyReturns(initial: metrics.initialDollars, closes: closes) }

  /// (K) the share of the value that is not cash, at each session's close; 0 where nothing is left.
  static func investedShares(_ record: BacktestRecord) -> [Double] {
    let (values, cash) = (record.accounts.netLiquidationMicroDollars, record.accounts.cashMicroDollars)
    return record.sessionEnds.map { end in
      values[end] > 0 ? 1 - Double(cash[end]) / Double(values[end]) : 0
    }
  }

  /// (T) that share in percent.
  var investedPercents: [Double] { investedShares.map { 100 * $0 } }
  var meanInvestedPercent: Double? { ReturnStatistics.mean(investedPercents) }

  /// (T) how far the value lies below its highest so far: see `ReturnStatistics.underwater`.
  var underwater: [Double] { ReturnStatistics.underwater(initial: metrics.initialDollars, closes: closes) }

  /// What was held of one symbol, from nothing at the first decision on.
  struct UnitsHeld {
    /// (T + 1)
    var units: [Double]
    var least: Double { units.min() ?? 0 }
    var most: Double { units.max() ?? 0 }
    /// Closes at which it had changed.
    var changes: Int { zip(units, units.dropFirst()).count { $0 != $1 } }
  }

  /// nil where the account knows no such symbol.
  func unitsHeld(symbol: Int) -> UnitsHeld? {
    guard units.indices.contains(symbol) else { return nil }
    return UnitsHeld(units: [0.0] + units[symbol].map(Double.init))
  }

  /// The name over a column.
  var heading: String {
    switch name {
    case Baseline.buyAndHold.name: "buy & hold"
    case Baseline.previousSign.name: "prev. sign"
    case Baseline.inversePreviousSign.name: "inv. sign"
    default: String(name.prefix(16))
    }
  }
}

/// A policy's walk through one window, greedy and stochastic, against every baseline at the same costs.
package struct EvaluationReport: Sendable, Equatable {
  package var context: EvaluationContext
  /// That of the records.
  package var seed: UInt64
  /// The close at which the first decision was made: the session before the first of `dates`.
  package var firstDecisionDate: CalendarDate
  /// Closes of the window's sessions: the longest account's.
  package var dates: [CalendarDate]
  package var greedy: AccountReport
  /// Nil for a rule, which draws nothing.
  package var stochastic: AccountReport?
  package var baselines: [AccountReport]
  /// What the greedy run held, at other times.
  package var random: RandomTrading?
  /// Of the greedy run: the one that counts.
  package var verdict: Verdict
  /// The same question asked of the stochastic run.
  package var stochasticVerdict: Verdict?
  /// The members of an ensemble, and what each adds; nil for one network.
  package var ensemble: EnsembleReport?
  /// The greedy run over cash, against its market, over time and at doubled costs.
  package var quant: QuantFigures
  /// The greedy run in worse worlds; empty where nobody asked.
  package var stresses: [StressedAccount]
  /// Which part of the window each symbol could be traded in; empty where all could all the time.
  package var listings: [WalkedListing]
  /// The greedy run symbol by symbol; empty where one decision is about all of them.
  package var bySymbol: [SymbolAccount]
  /// What the desk did to the greedy run's orders; nil where there is no desk.
  package var desk: DeskOutcomes?
  /// When and what of options the greedy run traded, and how much of its limits it used; nil where none are traded.
  package var optionTrading: OptionTrading?
  package var limitUse: LimitUse?

  /// All records must walk the same window of one environment; only a lost account may end earlier. Traps otherwise.
  package init(context: EvaluationContext, records: EvaluationRecords) {
    self.context = context
    self.context.notes += records.greedy.listings.compactMap(\.sentence)
    if records.greedy.choicesOfAction > 1, records.greedy.meanConfidence != nil {
      self.context.notes.append(
        "An action is \(records.greedy.choicesOfAction) independent choices, and its confidence the product of theirs: of many it is small even where each is "
          + "sure.")
    }
    listings = records.greedy.listings
    let seed = records.seed
    self.seed = seed
    bySymbol = SymbolAccount.all(records.greedy, symbols: context.symbols, seed: seed)
    greedy = AccountReport(name: "greedy", record: records.greedy, seed: seed, cash: records.cash)
    stochastic = records.stochastic
    baselines = records.baselines
    desk = records.greedy.desk
    optionTrading = OptionTrading(records.greedy, seed: seed)
    limitUse = records.greedy.limitUse
    stresses = records.stresses
    let all = [greedy] + [stochastic].compactMap { $0 } + baselines
    firstDecisionDate = greedy.sessions.firstDecision
    dates = all.map(\.sessions.dates).max { $0.count < $1.count } ?? []
    for account in all {
      let own = account.sessions.dates
      precondition(
        own == Array(dates.prefix(own.count)) && (own.count == dates.count || account.wasLost),
        "records of different windows: \(own.count) sessions against \(dates.count)")
    }
    quant = QuantFigures(records, greedy: greedy, looks: context.looks)
    let cash = records.cashReturns
    let returns = baselines.map { (name: $0.name, returns: $0.dailyReturns) }
    random = records.random
    let chance = records.random.map(\.pValue)
    verdict = Verdict(
      policy: greedy.dailyReturns, baselines: returns, chance: chance, cash: cash, seed: seed, firstLane: 16)
    stochasticVerdict = stochastic.map {
      Verdict(policy: $0.dailyReturns, baselines: returns, chance: nil, cash: cash, seed: seed, firstLane: 80)
    }
    verdict.isOfSyntheticQuotes = !context.syntheticQuotes.isEmpty
    stochasticVerdict?.isOfSyntheticQuotes = verdict.isOfSyntheticQuotes
  }

  /// Greedy, stochastic, then the baselines.
  package var accounts: [AccountReport] { [greedy] + [stochastic].compactMap { $0 } + baselines }
}
