// How much of its limits an account of options used.

package import AgentInterface
import Environments
package import Market

/// The most that an account used of each limit of exposure, session by session, as its observations at its decisions showed it.
package struct LimitUse: Sendable, Equatable {
  /// Fractions of a limit from which on observations tell no difference.
  package static let most = OptionsObservation.mostUtilisation

  /// (L) what there are limits of.
  package let names: [String]
  /// (K) sessions, in their order.
  package private(set) var dates: [CalendarDate] = []
  /// (L, K) fractions of the limit, without a sign.
  package private(set) var uses: [[Double]]
  private let columns: [Int]

  /// Nil for a game whose observation shows none.
  package init?(_ space: ObservationSpace) {
    let shown = OptionsObservation.utilisations.map(\.name)
    columns = shown.compactMap { name in space.columns.firstIndex { $0.name == name } }
    guard columns.count == shown.count else { return nil }
    names = OptionsObservation.greeks
    uses = names.map { _ in [] }
  }

  /// One decision. observation: (D), raw. Decisions of one session follow one another.
  package mutating func add(_ observation: Span<Float>, date: CalendarDate) {
    if dates.last != date {
      dates.append(date)
      for limit in uses.indices { uses[limit].append(0) }
    }
    let session = dates.count - 1
    for (limit, column) in columns.enumerated() {
      uses[limit][session] = max(uses[limit][session], abs(Double(observation[column])))
    }
  }
}
