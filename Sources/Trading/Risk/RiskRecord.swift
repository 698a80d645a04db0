// What an account's risk must remember over a restart, as a journal holds it.

package import Market
package import Text

/// The latch of the kill switch, what it is measured from, and how far the session has fallen. Money in micro-dollars.
package struct RiskRecord: Sendable, Equatable {
  package var high: Int64
  package var isKilled: Bool
  /// The session that the rest belongs to.
  package var session: CalendarDate
  package var sessionStart: Int64
  package var tier: RiskTier
  package var isLossReached: Bool
  package var isRejectStorm: Bool

  package init(of state: RiskState, session: CalendarDate) {
    high = state.high
    isKilled = state.isKilled
    self.session = session
    sessionStart = state.sessionStart
    tier = state.tier
    isLossReached = state.isLossReached
    isRejectStorm = state.isRejectStorm
  }

  package var json: JSON {
    .object([
      "highMicroDollars": .integer(high), "killSwitch": .string(isKilled ? "latched" : "armed"),
      "session": .string("\(session)"), "sessionStartMicroDollars": .integer(sessionStart),
      "sessionTier": .integer(Int64(tier.rawValue)), "dailyLossReached": .bool(isLossReached),
      "rejectStorm": .bool(isRejectStorm),
    ])
  }

  /// nil where it is not what `json` writes: a journal that cannot be read lets nothing be traded.
  package init?(_ json: JSON) {
    guard json.objectValue?.count == 7, let high = json["highMicroDollars"]?.integerValue,
      let latch = json["killSwitch"]?.stringValue, latch == "latched" || latch == "armed",
      let session = json["session"]?.stringValue.flatMap({ CalendarDate($0) }),
      let start = json["sessionStartMicroDollars"]?.integerValue,
      let tier = json["sessionTier"]?.integerValue.flatMap(RiskTier.init(rawValue:)),
      let isLossReached = json["dailyLossReached"]?.boolValue, let isRejectStorm = json["rejectStorm"]?.boolValue
    else { return nil }
    self.high = Int64(high)
    isKilled = latch == "latched"
    self.session = session
    sessionStart = Int64(start)
    self.tier = tier
    self.isLossReached = isLossReached
    self.isRejectStorm = isRejectStorm
  }

  /// Puts what is remembered into an account whose session has begun: the latch and the high always, the day's halts where it is still that day.
  package func restore(_ state: UnsafeMutablePointer<RiskState>, session: CalendarDate) {
    state.pointee.high = max(high, state.pointee.high)
    state.pointee.isKilled = state.pointee.isKilled || isKilled
    guard session == self.session else { return }
    state.pointee.sessionStart = sessionStart
    state.pointee.tier = tier
    state.pointee.isLossReached = isLossReached
    state.pointee.isRejectStorm = isRejectStorm
  }
}
