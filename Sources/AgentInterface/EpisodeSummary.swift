// What is remembered of a finished episode.

/// A finished episode. `episodeReturn` is the undiscounted sum of raw rewards.
package struct EpisodeSummary: Sendable, Hashable {
  package let lane: Int
  package let length: Int
  package let episodeReturn: Double

  package init(lane: Int, length: Int, episodeReturn: Double) {
    self.lane = lane
    self.length = length
    self.episodeReturn = episodeReturn
  }
}
