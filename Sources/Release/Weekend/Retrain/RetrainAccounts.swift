// What policies earned on a window, as the gate is asked about it.

private import Environments
import Evaluation
import Inference
import Market
import Text
import Training

/// One policy's account, with what is shown beside it.
struct JudgedRun: Sendable {
  var account: GateAccount
  /// Digest of what decides.
  var policy: String
  /// The first decision's close and the last one.
  var from: CalendarDate
  var until: CalendarDate
  /// Closed trades, dollars each.
  var trades: [Double]
  var sharpe: Double? { ReturnStatistics.sharpe(account.returns) }

  /// Walks a window greedily: at the usual costs and at the gate's, and as often as luck is asked for. Nil where it should stop before its end, which is
  /// asked often.
  init?(
    name: String, policy: DeployedPolicy, factory: EnvironmentFactory, window: Window, seed: UInt64,
    shouldStop: () -> Bool
  ) throws(TrainingError) {
    let environment = try factory.walk(window)
    let record = try TrainingError.deciding { () throws(DecisionError) in
      try Backtest.run(environment, decider: PolicyDecider(policy, mode: .greedy), seed: seed, keeps: .masks)
    }
    if shouldStop() { return nil }
    var costlier: [Double]?
    if let walk = try factory.walk(window, costsTimes: PromotionGate.costFactor) {
      costlier = try TrainingError.deciding { () throws(DecisionError) in
        try Backtest.run(
          walk.environment, decider: PolicyDecider(policy, mode: .greedy), seed: seed, keeps: .account
        ).dailyReturns
      }
    }
    guard
      let chance = try RunEvaluator.chance(matching: record, factory, window, seed: seed, shouldStop: shouldStop)
    else { return nil }
    account = GateAccount(
      name: name, returns: record.dailyReturns, costlier: costlier, chance: chance.pValue)
    self.policy = policy.decisionDigest
    (from, until) = (record.decisionDates[0], record.closeDates[record.count - 1])
    trades = TradeLog(record.fills).closed.map { PerformanceMetrics.dollars($0.netMicroDollars) }
  }

  var json: JSON {
    [
      "name": .string(account.name), "policy": .string(policy), "from": .string("\(from)"),
      "until": .string("\(until)"), "returns": .array(account.returns.map(JSON.number)),
      "costlier": account.costlier.map { .array($0.map(JSON.number)) } ?? .null,
      "chance": account.chance.map(JSON.number) ?? .null, "trades": .array(trades.map(JSON.number)),
    ]
  }

  init?(_ json: JSON) {
    func numbers(_ name: String) -> [Double]? { json[name]?.arrayValue?.compactMap(\.doubleValue) }
    guard let name = json["name"]?.stringValue, let policy = json["policy"]?.stringValue,
      let from = json["from"]?.stringValue.flatMap({ CalendarDate($0) }),
      let until = json["until"]?.stringValue.flatMap({ CalendarDate($0) }), let returns = numbers("returns"),
      let trades = numbers("trades")
    else { return nil }
    account = GateAccount(
      name: name, returns: returns, costlier: numbers("costlier"), chance: json["chance"]?.doubleValue)
    (self.policy, self.from, self.until, self.trades) = (policy, from, until, trades)
  }
}

/// Whom the candidates are compared with, over the same sessions.
struct Opponents: Sendable {
  var champion: [Double]?
  var baselines: [(name: String, returns: [Double])]

  init(champion: DeployedPolicy?, factory: EnvironmentFactory, window: Window, seed: UInt64) throws(TrainingError) {
    let environment = try factory.walk(window)
    func returns(_ decider: any Decider) throws(TrainingError) -> [Double] {
      try TrainingError.deciding { () throws(DecisionError) in
        try Backtest.run(environment, decider: decider, seed: seed, keeps: .account).dailyReturns
      }
    }
    self.champion = nil
    if let champion { self.champion = try returns(PolicyDecider(champion, mode: .greedy)) }
    baselines = []
    for baseline in BaselineDeciders.all(factory.baselines, factory.sessionPlay, for: environment) {
      baselines.append((baseline.name, try returns(baseline.decider)))
    }
  }

  var json: JSON {
    [
      "champion": champion.map { .array($0.map(JSON.number)) } ?? .null,
      "baselines": .array(
        baselines.map { ["name": .string($0.name), "returns": .array($0.returns.map(JSON.number))] }),
    ]
  }

  init?(_ json: JSON) {
    guard let entries = json["baselines"]?.arrayValue else { return nil }
    champion = json["champion"]?.arrayValue?.compactMap(\.doubleValue)
    baselines = []
    for entry in entries {
      guard let name = entry["name"]?.stringValue, let returns = entry["returns"]?.arrayValue else { return nil }
      baselines.append((name, returns.compactMap(\.doubleValue)))
    }
  }
}
