// How much time a bar spans.

/// All bars of a series span the same part of a session.
package enum BarWidth: String, Sendable, Hashable, CaseIterable {
  /// A whole session: a daily bar. Its date says when it begins.
  case session
  /// One minute of a session.
  case minute
}
