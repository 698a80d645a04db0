// A plan as text: what a user writes, and what a restart reads. Shares are in percent, money in dollars.

package import Text

extension ExitPlan {
  private static let keys = [
    "flat_minutes_before_close", "kind", "roll", "rungs", "stop_loss", "target", "time_exit", "trail",
    "underlying_target",
  ]

  /// The whole plan; equal plans have equal text.
  package var json: JSON {
    .object([
      "kind": .string(kind.rawValue), "stop_loss": ExitFields.percent(stopLoss),
      "target": target.map(ExitFields.percent) ?? .null,
      "underlying_target": underlyingTarget.map(ExitFields.percent) ?? .null,
      "rungs": .array(
        rungs.map { .object(["gain": ExitFields.percent($0.gain), "part": ExitFields.percent($0.part)]) }),
      "trail": trail.map {
        .object(["activation": ExitFields.percent($0.activation), "lock": ExitFields.percent($0.lock)])
      } ?? .null,
      "flat_minutes_before_close": .integer(Int64(flatMinutesBeforeClose)),
      "time_exit": timeExit.map {
        .object([
          "days_to_expiry": .integer(Int64($0.daysToExpiry)), "below_gain": ExitFields.percent($0.belowGain),
        ])
      } ?? .null,
      "roll": roll.map {
        .object([
          "days_to_expiry": .integer(Int64($0.daysToExpiry)), "above_gain": ExitFields.percent($0.aboveGain),
          "further_days": .integer(Int64($0.furtherDays)), "most_debit": ExitFields.price($0.mostDebit),
        ])
      } ?? .null,
    ])
  }

  /// Reads a plan: the name of a kind, which is its standard plan, or an object with a kind, whose standard plan the other keys change. `null` takes a rule
  /// away. Throws where a key or a value is not what a plan has, or the rules contradict each other.
  package init(_ value: JSON, place: String = "the exit plan") throws(ExitPlanError) {
    if let name = value.stringValue {
      self = try ExitPlan.standard(name, place: place)
      return
    }
    let fields = try ExitFields(value, place: place, known: ExitPlan.keys)
    self = try ExitPlan.standard(try fields.text("kind"), place: place)
    if fields.has("stop_loss") { stopLoss = try fields.percent("stop_loss") }
    if fields.has("target") { target = fields.isNull("target") ? nil : try fields.percent("target") }
    if fields.has("underlying_target") {
      underlyingTarget = fields.isNull("underlying_target") ? nil : try fields.percent("underlying_target")
    }
    if fields.has("rungs") {
      rungs = []
      for (place, value) in try fields.array("rungs").enumerated() {
        let rung = try ExitFields(value, place: "\(fields.place), rung \(place + 1)", known: ["gain", "part"])
        rungs.append(ScaleOutRung(gain: try rung.percent("gain"), part: try rung.percent("part")))
      }
    }
    if fields.has("flat_minutes_before_close") {
      flatMinutesBeforeClose = try fields.integer("flat_minutes_before_close")
    }
    if let inner = try fields.inner("trail", ["activation", "lock"]) {
      trail = TrailingStop(activation: try inner.percent("activation"), lock: try inner.percent("lock"))
    } else if fields.has("trail") {
      trail = nil
    }
    if let inner = try fields.inner("time_exit", ["below_gain", "days_to_expiry"]) {
      timeExit = TimeExit(
        daysToExpiry: try inner.integer("days_to_expiry"), belowGain: try inner.percent("below_gain"))
    } else if fields.has("time_exit") {
      timeExit = nil
    }
    if let inner = try fields.inner("roll", ["above_gain", "days_to_expiry", "further_days", "most_debit"]) {
      roll = RollRule(
        daysToExpiry: try inner.integer("days_to_expiry"), aboveGain: try inner.percent("above_gain"),
        furtherDays: try inner.integer("further_days"), mostDebit: try inner.price("most_debit"))
    } else if fields.has("roll") {
      roll = nil
    }
    if let problem { throw .malformed("\(place): \(problem)") }
  }

  private static func standard(_ name: String, place: String) throws(ExitPlanError) -> ExitPlan {
    switch Kind(rawValue: name) {
    case .fullTarget: return .fullTarget
    case .scaleOutAndTrail: return .scaleOutAndTrail
    case nil:
      throw .malformed(
        "\(place) is of the unknown kind '\(PrintableText.name(name))'; write full_target or scale_out_and_trail")
    }
  }
}

extension ExitFields {
  /// The members of an inner object; nil where there is none, or null.
  fileprivate func inner(_ key: String, _ known: [String]) throws(ExitPlanError) -> ExitFields? {
    guard has(key), !isNull(key) else { return nil }
    return try ExitFields(try value(key), place: "\(place), \(key)", known: known)
  }
}
