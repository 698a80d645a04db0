// An environment that was tampered with: what a detector must find, and what a delay must not improve.

package import AgentInterface
package import Environments
import Evaluation
import Kernels
package import Market
package import Trading

/// What is done to an environment's rows. Every closure is told the bar whose close is the latest that an honest environment knows.
package struct Tampering: Sendable {
  /// Columns behind the environment's own.
  package var extraColumns: [ObservationSpace.Column] = []
  /// Writes a whole row, extra columns included.
  package var observation: @Sendable (_ row: UnsafeMutablePointer<Float>, _ bar: Int) -> Void = { _, _ in }
  package var mask: @Sendable (_ mask: ActionMask, _ bar: Int) -> ActionMask = { mask, _ in mask }
  package var reward: @Sendable (_ reward: Float, _ bar: Int) -> Float = { reward, _ in reward }

  package init() {}
}

/// Passes everything through to another environment but for what `Tampering` changes.
package final class TamperedEnvironment: TradingEnvironment, @unchecked Sendable {
  private let inner: any TradingEnvironment
  private let tampering: Tampering
  private let row: StepRow
  package let observationSpace: ObservationSpace

  package init(_ inner: any TradingEnvironment, _ tampering: Tampering) {
    self.inner = inner
    self.tampering = tampering
    row = StepRow(lanes: inner.laneCount, columns: inner.observationSpace.count)
    observationSpace = ObservationSpace(columns: inner.observationSpace.columns + tampering.extraColumns)
  }

  package var actionSpace: ActionSpace { inner.actionSpace }
  package var laneCount: Int { inner.laneCount }
  package var tape: MarketTape { inner.tape }

  package func reset(seed: UInt64, into outer: StepBuffers) {
    inner.reset(seed: seed, into: row.buffers)
    for lane in 0..<laneCount { show(lane, outer) }
  }

  package func step(_ actions: UnsafePointer<Int32>, lanes: Range<Int>, into outer: StepBuffers) {
    inner.step(actions, lanes: lanes, into: row.buffers)
    for lane in lanes {
      let ended = inner.lastAccount(lane: lane).bar
      outer.rewards[lane] = tampering.reward(row.buffers.rewards[lane], ended)
      outer.terminated[lane] = row.buffers.terminated[lane]
      outer.truncated[lane] = row.buffers.truncated[lane]
      if row.buffers.truncated[lane] != 0 {
        copy(row.buffers.finalObservations.row(lane), to: outer.finalObservations.row(lane), bar: ended)
        outer.finalMasks[lane] = tampering.mask(row.buffers.finalMasks[lane], ended)
      }
      show(lane, outer)
    }
  }

  private func show(_ lane: Int, _ outer: StepBuffers) {
    let bar = inner.account(lane: lane).bar
    copy(row.buffers.observations.row(lane), to: outer.observations.row(lane), bar: bar)
    outer.masks[lane] = tampering.mask(row.buffers.masks[lane], bar)
  }

  private func copy(_ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, bar: Int) {
    target.update(from: source, count: inner.observationSpace.count)
    for column in inner.observationSpace.count..<observationSpace.count { target[column] = 0 }
    tampering.observation(target, bar)
  }

  package func account(lane: Int) -> AccountView { inner.account(lane: lane) }
  package func lastAccount(lane: Int) -> AccountView { inner.lastAccount(lane: lane) }
  package func lastBreakdown(lane: Int) -> StepBreakdown { inner.lastBreakdown(lane: lane) }
  package func drainFills(lane: Int) -> [Fill] { inner.drainFills(lane: lane) }
  package func drainEpisodes() -> [EpisodeSummary] { inner.drainEpisodes() }
  package func drainIllegalAttempts() -> Int { inner.drainIllegalAttempts() }
  package func snapshot() -> StateRecord { inner.snapshot() }
  package func restore(_ state: StateRecord) throws(RestoreError) { try inner.restore(state) }
}
