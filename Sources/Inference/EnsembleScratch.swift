// How the outputs of an ensemble's members become one, in memory allocated once.

import AgentInterface
import Glibc
import Kernels

/// The buffers of an ensemble's session. After `combine`, the head's logits hold the logarithm of what each action got (mean logits: their mean).
final class EnsembleScratch {
  let members: [SessionScratch]
  private let storage: FloatStorage
  let head: HeadOutput
  /// (A) summed weights of the members that choose an action.
  private let votes: UnsafeMutablePointer<Int>
  /// (K) what each member alone would choose.
  let choices: UnsafeMutablePointer<ActionNumber>
  /// (K) the logarithm of each member's share of all weights.
  private let logShares: UnsafeMutablePointer<Float>
  private let count: Int
  private let factors: ActionFactors
  private let totalWeight: Int
  /// Numbers beyond it are taken for it: far outside of what a sound network puts out, and far inside of what a float can hold.
  private static let bound = 1e30

  init(_ policy: DeployedPolicy, members: [SessionScratch]) {
    self.members = members
    count = policy.actions
    factors = policy.factors
    totalWeight = policy.members.reduce(0) { $0 + $1.weight }
    head = HeadOutput(factors)
    storage = FloatStorage(count: members.count)
    logShares = storage.base
    for (index, member) in policy.members.enumerated() {
      logShares[index] = Float(log(Double(member.weight) / Double(totalWeight)))
    }
    votes = .allocate(capacity: count)
    votes.initialize(repeating: 0, count: count)
    choices = .allocate(capacity: members.count)
    choices.initialize(repeating: 0, count: members.count)
  }

  deinit {
    votes.deallocate()
    choices.deallocate()
  }

  /// Combines the members' logits over the legal actions; returns the greedy choice and the entropy in nats.
  func combine(_ policy: DeployedPolicy, rule: CombinationRule, mask: ActionMask) -> (
    greedy: ActionNumber, entropy: Float
  ) {
    for (index, member) in members.enumerated() {
      choices[index] = member.head.greedy(mask)
    }
    let elected: ActionNumber
    var possible = mask
    switch rule {
    case .softVote:
      addProbabilities(policy, mask: mask)
      elected = ActionSelection.elected(scores: head.logits, mask: mask, factors: factors, fallback: policy.fallback)
    case .hardVote:
      // Nothing is exactly nothing: who gets no vote has no probability.
      possible = countVotes(policy)
      elected = ActionSelection.elected(scores: votes, mask: mask, factors: factors, fallback: policy.fallback)
    case .meanLogits:
      addLogits(policy)
      elected = ActionSelection.elected(scores: head.logits, mask: mask, factors: factors, fallback: policy.fallback)
    }
    return (elected, head.evaluate(possible))
  }

  /// log of sum of share x probability, so that no probability is too small to be told from another.
  private func addProbabilities(_ policy: DeployedPolicy, mask: ActionMask) {
    for (index, member) in members.enumerated() {
      let temperature = policy.members[index].temperature
      for factor in factors.widths.indices {
        let first = factors.firsts[factor]
        let best = Double(member.head.logits[first + factors.choice(of: factor, in: choices[index])])
        // Bounded, so that no temperature makes an infinite number of a finite one; what lies so far below the best has no probability.
        for place in first..<(first + factors.widths[factor]) {
          let scaled = (Double(member.head.logits[place]) - best) / temperature
          member.head.logProbabilities[place] = Float(min(max(scaled, -EnsembleScratch.bound), EnsembleScratch.bound))
        }
      }
      ActionSelection.evaluate(
        logits: member.head.logProbabilities, mask: mask, factors: factors,
        logProbabilities: member.head.logProbabilities,
        probabilities: member.head.probabilities)
    }
    for action in 0..<count {
      guard mask.allows(action) else {
        head.logits[action] = MaskedSoftmax.illegalLogProbability
        continue
      }
      var largest = -Float.infinity
      for (index, member) in members.enumerated() {
        largest = max(largest, logShares[index] + member.head.logProbabilities[action])
      }
      var sum: Float = 0
      for (index, member) in members.enumerated() {
        sum += expf(logShares[index] + member.head.logProbabilities[action] - largest)
      }
      head.logits[action] = max(largest + logf(sum), MaskedSoftmax.illegalLogProbability)
    }
  }

  /// Returns who got a vote.
  private func countVotes(_ policy: DeployedPolicy) -> ActionMask {
    var elected = ActionMask(rawValue: 0)
    votes.update(repeating: 0, count: count)
    for index in members.indices {
      let halves = factors.halves(of: choices[index])
      for factor in factors.widths.indices {
        votes[factors.firsts[factor] + factors.choice(of: factor, in: halves)] += policy.members[index].weight
      }
    }
    for action in 0..<count {
      if votes[action] > 0 { elected = elected.allowing(1, from: action) }
      head.logits[action] =
        votes[action] > 0
        ? Float(log(Double(votes[action]) / Double(totalWeight))) : MaskedSoftmax.illegalLogProbability
    }
    return elected
  }

  private func addLogits(_ policy: DeployedPolicy) {
    for action in 0..<count {
      var sum = 0.0
      for (index, member) in members.enumerated() {
        let (weight, temperature) = (policy.members[index].weight, policy.members[index].temperature)
        sum += Double(weight) * Double(member.head.logits[action]) / temperature
      }
      head.logits[action] = Float(min(max(sum / Double(totalWeight), -EnsembleScratch.bound), EnsembleScratch.bound))
    }
  }
}

extension ActionSelection {
  /// The legal action of the largest score. Where several share it: `fallback` where that is legal, else the lowest of them. scores: (count),
  /// count <= 64. Traps if no action is legal.
  static func elected<Score: Comparable>(
    scores: UnsafeMutablePointer<Score>, mask: ActionMask, count: Int, fallback: Int?
  ) -> Int {
    var best = -1
    var isTied = false
    for action in 0..<count where mask.allows(action) {
      if best < 0 || scores[action] > scores[best] {
        best = action
        isTied = false
      } else if scores[action] == scores[best] {
        isTied = true
      }
    }
    precondition(best >= 0, "the mask \(mask.rawValue) allows none of \(count) actions")
    if isTied, let fallback, mask.allows(fallback) { return fallback }
    return best
  }

  /// The same of every factor, as one action. scores: (A). Traps where a factor has no legal choice.
  static func elected<Score: Comparable>(
    scores: UnsafeMutablePointer<Score>, mask: ActionMask, factors: ActionFactors, fallback: ActionNumber?
  ) -> ActionNumber {
    var action: ActionNumber = 0
    for factor in factors.widths.indices {
      let choice = elected(
        scores: scores + factors.firsts[factor], mask: factors.mask(mask, of: factor), count: factors.widths[factor],
        fallback: fallback.map { factors.choice(of: factor, in: $0) })
      action += ActionNumber(choice) * factors.step(of: factor)
    }
    return action
  }
}
