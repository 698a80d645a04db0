// What was begun and must be ended, whatever dies in between: a machine that was started, a folder that was mounted.

private import Storage
package import Text
package import Training

/// A journal of debts, a `ChainedLog`: a line is flushed before what it stands for begins, another when it was ended. Whoever is killed in between
/// leaves a debt that the next one finds and pays; a payment may therefore be made twice, and must then do nothing.
package struct Debts: Sendable {
  /// What ends what was begun.
  package struct Debt: Sendable, Equatable {
    /// Unlike any other's in this journal.
    package var name: String
    package var payment: Hook

    package init(name: String, payment: Hook) {
      self.name = name
      self.payment = payment
    }
  }

  package let path: String

  package init(journal path: String) { self.path = path }

  /// Writes a debt down, before what it is for begins.
  package func incur(_ debt: Debt) throws(TrainingError) {
    try append([
      "kind": "debt", "name": .string(debt.name), "time": .string(UTCTime.now()),
      "words": .array(debt.payment.words.map(JSON.string)), "limit_seconds": .number(debt.payment.limitSeconds),
      "retries": .integer(Int64(debt.payment.retries)), "wait_seconds": .number(debt.payment.waitSeconds),
    ])
  }

  /// Those that are not paid, the last first: what was begun last is ended first.
  package func open() throws(TrainingError) -> [Debt] {
    let log: ChainedLog
    do {
      log = try ChainedLog.read(path)
    } catch {
      throw .storage(error)
    }
    var debts: [Debt] = []
    for members in log.entries.map(\.members) {
      guard let name = members["name"]?.stringValue else { continue }
      switch members["kind"]?.stringValue {
      case "debt":
        let words = (members["words"]?.arrayValue ?? []).compactMap(\.stringValue)
        guard !words.isEmpty else { continue }
        debts.append(
          Debt(
            name: name,
            payment: Hook(
              words: words, limitSeconds: max(0.001, members["limit_seconds"]?.doubleValue ?? 600),
              retries: max(0, members["retries"]?.integerValue ?? 0),
              waitSeconds: max(0, members["wait_seconds"]?.doubleValue ?? 1))))
      case "paid": debts.removeAll { $0.name == name }
      default: continue
      }
    }
    return debts.reversed()
  }

  /// Pays what is open, each as a hook that the next start finds where this one is killed (`RunningHooks`). output: the file that takes what a payment says, by the debt's name. Returns those that could not be paid, and why: they stay open.
  package func settle(output: (String) -> String) throws(TrainingError) -> [(debt: Debt, ending: Hook.Ending)] {
    var unpaid: [(debt: Debt, ending: Hook.Ending)] = []
    let hooks = RunningHooks(journal: path)
    for debt in try open() {
      let word = try hooks.begin("that pays the debt \(debt.name)")
      let ending = debt.payment.run(variables: [RunningHooks.variable: word], output: output(debt.name)).ending
      try hooks.end(word)
      if ending == .done {
        try append(["kind": "paid", "name": .string(debt.name), "time": .string(UTCTime.now())])
      } else {
        unpaid.append((debt, ending))
      }
    }
    return unpaid
  }

  private func append(_ members: [String: JSON]) throws(TrainingError) {
    do {
      try ChainedLog.append(members, to: path)
    } catch {
      throw .storage(error)
    }
  }
}
