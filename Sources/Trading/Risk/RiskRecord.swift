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
  /// Why somebody has re-armed the kill switch last; nil where nobody has.
  package var rearmReason: String?

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
    var members: [String: JSON] = [
      "highMicroDollars": .integer(high), "killSwitch": .string(isKilled ? "latched" : "armed"),
      "session": .string("\(session)"), "sessionStartMicroDollars": .integer(sessionStart),
      "sessionTier": .integer(Int64(tier.rawValue)), "dailyLossReached": .bool(isLossReached),
      "rejectStorm": .bool(isRejectStorm),
    ]
    members["rearmReason"] = rearmReason.map(JSON.string)
    return .object(members)
  }

  /// Re-arms the kill switch by hand: the account's fall is counted from its next session's start. What halts for the day stays. nil where the switch is not
  /// latched.
  package func rearmed(because reason: String) -> RiskRecord? {
    guard isKilled else { return nil }
    var record = self
    (record.isKilled, record.high, record.rearmReason) = (false, 0, reason)
    return record
  }

  /// nil where it is not what `json` writes: a journal that cannot be read lets nothing be traded.
  package init?(_ json: JSON) {
    let reason = json["rearmReason"]
    guard json.objectValue?.count == (reason == nil ? 7 : 8), reason == nil || reason?.stringValue != nil,
      let high = json["highMicroDollars"]?.integerValue,
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
    rearmReason = reason?.stringValue
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
