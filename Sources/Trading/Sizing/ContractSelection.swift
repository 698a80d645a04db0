// Which contract: the best of those that may be traded at all, or none.

package import Market

/// A contract as selection sees it at the end of a minute.
package struct SelectionCandidate: Sendable, Equatable {
  /// Its number in the `ContractTable`.
  package var contract: Int32
  /// nil where it has none.
  package var quote: MinuteQuote?
  /// Dollars a dollar of the underlying, a unit, signed; nil where no volatility could be told from its quote.
  package var delta: Double?
  /// Traded today up to this minute; nil where nobody says.
  package var volume: Int?
  /// Of last night; nil where nobody says.
  package var openInterest: Int?

  package init(contract: Int32, quote: MinuteQuote?, delta: Double?, volume: Int?, openInterest: Int?) {
    self.contract = contract
    self.quote = quote
    self.delta = delta
    self.volume = volume
    self.openInterest = openInterest
  }
}

/// Why a contract is not taken, in the order in which it is asked.
package enum SelectionRejection: Int, Sendable, CaseIterable {
  case volatilityRank, quote, spread, delta, deltaLimit, volume, volumeUnknown, openInterest, openInterestUnknown

  package var words: String {
    switch self {
    case .volatilityRank: "IV Rank too high"
    case .quote: "no two-sided quote"
    case .spread: "spread too wide"
    case .delta: "delta unknown"
    case .deltaLimit: "delta above the limit"
    case .volume: "too little volume"
    case .volumeUnknown: "volume unknown"
    case .openInterest: "too little open interest"
    case .openInterestUnknown: "open interest unknown"
    }
  }
}

/// The contract with the least score, or none and why.
package struct SelectionAnswer: Sendable, Equatable {
  /// nil: none may be traded.
  package var contract: Int32?
  /// Of `contract`; nil where there is none.
  package var score: Double?
  /// Candidates that may be traded.
  package var accepted = 0
  /// By `SelectionRejection.rawValue`: candidates that the reason was the first to reject.
  package var rejections = SIMD16<Int32>(repeating: 0)

  package func rejected(_ reason: SelectionRejection) -> Int { Int(rejections[reason.rawValue]) }

  /// One line: the number of candidates, and what rejected them, the most frequent first.
  package var sentence: String {
    let reasons = SelectionRejection.allCases.filter { rejected($0) > 0 }
      .sorted { (rejected($1), $0.rawValue) < (rejected($0), $1.rawValue) }
      .map { "\($0.words) \(rejected($0))" }
    let all = accepted + Int(rejections.wrappedSum())
    let tail = reasons.isEmpty ? "" : ": " + reasons.joined(separator: ", ")
    return contract == nil
      ? "no contract of \(all) may be traded" + tail : "\(accepted) of \(all) contracts may be traded" + tail
  }
}

/// What a contract must be, and what makes one better than another.
package struct ContractSelection: Sendable, Equatable {
  /// Full spread over the middle, itself included.
  package var mostSpread: Double
  /// Contracts traded today, and open; 0 asks nothing. A number that nobody says is none, unless `takesUnknownLiquidity`.
  package var leastVolume: Int
  package var leastOpenInterest: Int
  /// Where a store has no volume and no open interest at all, as a made surface has none.
  package var takesUnknownLiquidity: Bool
  /// |delta| that is looked for, and the most that is taken, itself included.
  package var targetDelta: Double
  package var mostDelta: Double
  /// The highest rank of implied volatility, itself included.
  package var highestVolatilityRank: Double
  /// What each part of the score weighs.
  package var weights: SelectionWeights

  package init(
    targetDelta: Double, mostDelta: Double = 1, mostSpread: Double = 0.10, leastVolume: Int = 10,
    leastOpenInterest: Int = 100, takesUnknownLiquidity: Bool = false,
    highestVolatilityRank: Double = VolatilityRank.highest, weights: SelectionWeights = SelectionWeights()
  ) {
    self.targetDelta = targetDelta
    self.mostDelta = mostDelta
    self.mostSpread = mostSpread
    self.leastVolume = leastVolume
    self.leastOpenInterest = leastOpenInterest
    self.takesUnknownLiquidity = takesUnknownLiquidity
    self.highestVolatilityRank = highestVolatilityRank
    self.weights = weights
  }

  /// The first reason against a candidate at the end of a minute; nil where it may be traded.
  package func rejection(
    of candidate: SelectionCandidate, rank: VolatilityRank?, minute: Int
  ) -> SelectionRejection? {
    // A rank that the caller could not make, because today's volatility is unknown, rejects; one of too few days does not.
    guard let rank, rank.refusal(highest: highestVolatilityRank) == nil else { return .volatilityRank }
    guard let quote = candidate.quote, quote.fills(at: minute) else { return .quote }
    guard ContractSelection.relativeSpread(quote) <= mostSpread else { return .spread }
    guard let delta = candidate.delta, delta.isFinite else { return .delta }
    guard abs(delta) <= mostDelta else { return .deltaLimit }
    return lack(candidate.volume, leastVolume, .volume, .volumeUnknown)
      ?? lack(candidate.openInterest, leastOpenInterest, .openInterest, .openInterestUnknown)
  }

  private func lack(
    _ number: Int?, _ least: Int, _ few: SelectionRejection, _ unknown: SelectionRejection
  ) -> SelectionRejection? {
    guard least > 0 else { return nil }
    guard let number else { return takesUnknownLiquidity ? nil : unknown }
    return number >= least ? nil : few
  }

  /// (ask - bid) / middle.
  package static func relativeSpread(_ quote: MinuteQuote) -> Double {
    Double(quote.ask - quote.bid) / (Double(quote.ask + quote.bid) / 2)
  }

  /// The less the better: spread over the widest that is taken, distance from the target delta over the target, and scarcity of volume and of open interest,
  /// which is 1 where nothing is traded or known, a half at ten times the least, and nears 0.
  package func score(of candidate: SelectionCandidate) -> Double {
    guard let quote = candidate.quote, let delta = candidate.delta else { return .infinity }
    let distance = abs(abs(delta) - targetDelta) / max(targetDelta, 0.01)
    return weights.spread * ContractSelection.relativeSpread(quote) / max(mostSpread, 1e-6)
      + weights.delta * distance + weights.volume * scarcity(candidate.volume, leastVolume)
      + weights.openInterest * scarcity(candidate.openInterest, leastOpenInterest)
  }

  private func scarcity(_ number: Int?, _ least: Int) -> Double {
    let ordinary = 10 * Double(max(least, 1))
    return ordinary / (ordinary + Double(max(number ?? 0, 0)))
  }

  /// The contract of the least score among those that may be traded; of equal scores the one of the lowest number, in whatever order they come. Nothing is
  /// allocated.
  ///
  /// rank: of today's implied volatility; nil where today's is unknown, which rejects all.
  package func choose(
    among candidates: [SelectionCandidate], rank: VolatilityRank?, minute: Int
  ) -> SelectionAnswer {
    var answer = SelectionAnswer()
    for candidate in candidates {
      if let reason = rejection(of: candidate, rank: rank, minute: minute) {
        answer.rejections[reason.rawValue] += 1
        continue
      }
      answer.accepted += 1
      let score = score(of: candidate)
      if let best = answer.score, let contract = answer.contract, (best, contract) <= (score, candidate.contract) {
        continue
      }
      answer.contract = candidate.contract
      answer.score = score
    }
    return answer
  }
}

/// What each part of a score weighs, at least 0.
package struct SelectionWeights: Sendable, Equatable {
  package var spread: Double
  package var delta: Double
  package var volume: Double
  package var openInterest: Double

  package init(spread: Double = 1, delta: Double = 1, volume: Double = 0.5, openInterest: Double = 0.5) {
    self.spread = spread
    self.delta = delta
    self.volume = volume
    self.openInterest = openInterest
  }
}
