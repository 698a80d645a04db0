// Looks at a learner's numbers while it learns, and keeps what it found.

package import AgentInterface
import Kernels
import Synchronization

/// Watches one learner and keeps what it found. Looking at a sound run asks for no memory.
///
/// Unchecked: one thread calls it; only `look` runs on workers at the same time, and touches nothing but an atomic flag.
package final class HealthMonitor: @unchecked Sendable {
  package var settings = HealthSettings()
  /// Whether the run is to end: something was found whose response is to stop.
  package private(set) var isHalted = false
  private var found: [Incident] = []
  private var told: Set<HealthCondition> = []
  /// Set by workers that see something wrong in what the environment wrote.
  private let stepFlag = Atomic<Bool>(false)

  package init() {}

  /// What was found since the last call.
  package func drain() -> [Incident] {
    guard !found.isEmpty else { return [] }
    defer { found.removeAll() }
    return found
  }

  /// Takes a finding in, and its record where it is the first of its kind or ends the run.
  func notice(_ condition: HealthCondition, _ capture: (HealthResponse) -> Incident) {
    let response = settings.response(to: condition)
    guard response != .off, !isHalted else { return }
    if response == .stop {
      isHalted = true
    } else if !told.insert(condition).inserted {
      return
    }
    found.append(capture(response))
  }

  /// What an update's numbers say is wrong, the worst first; nil where nothing is. possibleEntropy: nats, asked for only where the entropy is low.
  /// actions: of the whole space.
  func concern(_ vitals: UpdateVitals, actions: Int, possibleEntropy: () -> Double) -> (HealthCondition, String)? {
    if settings.nonFinite != .off {
      let numbers = [
        ("the loss", vitals.loss), ("the gradient", vitals.gradientNorm),
        ("the policy's divergence", vitals.divergence),
      ]
      for (name, value) in numbers where !value.isFinite { return (.nonFinite, "\(name) is not a finite number") }
      if vitals.entropy.isNaN { return (.nonFinite, "the policy's entropy is not a finite number") }
    }
    if settings.divergence != .off, vitals.divergence > settings.divergenceLimit {
      return (
        .divergence,
        "the policy's divergence is \(short(vitals.divergence)), above health.divergence_limit of \(short(settings.divergenceLimit))"
      )
    }
    if settings.gradientNorm != .off, vitals.gradientNorm > settings.gradientNormLimit {
      return (
        .gradientNorm,
        "the gradient's norm is \(short(vitals.gradientNorm)), above health.gradient_norm_limit of \(short(settings.gradientNormLimit))"
      )
    }
    if isEntropyLow(vitals, actions: actions) {
      let possible = possibleEntropy()
      if vitals.entropy < settings.entropyFloor * possible {
        return (
          .entropy,
          "the policy's entropy is \(short(max(0, vitals.entropy))) of \(short(possible)) possible nats, a share below "
            + "health.entropy_floor of \(short(settings.entropyFloor))"
        )
      }
    }
    return nil
  }

  /// Whether `concern` could have an answer.
  func isAlarming(_ vitals: UpdateVitals, actions: Int) -> Bool {
    // A sum is finite only where all its parts are.
    let sum = vitals.loss + vitals.gradientNorm + vitals.divergence
    return !sum.isFinite || vitals.entropy.isNaN
      || settings.divergence != .off && vitals.divergence > settings.divergenceLimit
      || settings.gradientNorm != .off && vitals.gradientNorm > settings.gradientNormLimit
      || isEntropyLow(vitals, actions: actions)
  }

  private func isEntropyLow(_ vitals: UpdateVitals, actions: Int) -> Bool {
    // Never more than the number of actions less one, which spares the logarithm.
    settings.entropy != .off && vitals.entropy < settings.entropyFloor * Double(actions)
  }

  private func short(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return abs(value) < 0.1 || abs(value) >= 1e9 ? "\(Float(value))" : "\(rounded)"
  }

  // MARK: What the environment writes

  /// Looks at what the environment wrote for `lanes`. Workers call it for disjoint lanes at the same time. isReset: no step was made yet.
  package func look(
    at row: StepBuffers, lanes: Range<Int>, isMasked: Bool, factors: ActionFactors, isReset: Bool
  ) {
    let observations = row.observations.row(lanes.lowerBound)
    var isSound = Reductions.isFinite(observations, count: lanes.count * row.observations.columns)
    var isAnyEmpty = false
    for lane in lanes { isAnyEmpty = isAnyEmpty || isMasked && factors.emptyFactor(of: row.masks[lane]) != nil }
    if !isReset {
      isSound = isSound && Reductions.isFinite(row.rewards + lanes.lowerBound, count: lanes.count)
      for lane in lanes where row.truncated[lane] != 0 {
        isSound = isSound && Reductions.isFinite(row.finalObservations.row(lane), count: row.finalObservations.columns)
        isAnyEmpty = isAnyEmpty || isMasked && factors.emptyFactor(of: row.finalMasks[lane]) != nil
      }
    }
    if !isSound || isAnyEmpty { stepFlag.store(true, ordering: .relaxed) }
  }

  /// Whether `look` saw something since the last call.
  func takeStepFlag() -> Bool {
    guard stepFlag.load(ordering: .relaxed) else { return false }
    stepFlag.store(false, ordering: .relaxed)
    return true
  }
}
