// An environment as a value: everything that the rest of the house may ask about one before, and without, making it.

package import AgentInterface
package import Market
package import Text

/// What can be set about an environment; the environment's own type.
package protocol EnvironmentConfiguration: Sendable, Equatable {}

extension EnvironmentConfiguration {
  /// Whether another configuration is of the same type and holds the same.
  package func equals(_ other: any EnvironmentConfiguration) -> Bool { (other as? Self) == self }
}

/// What an environment shows and what it lets choose.
package struct EnvironmentSpaces: Sendable, Hashable {
  package let observations: ObservationSpace
  package let actions: ActionSpace

  package init(observations: ObservationSpace, actions: ActionSpace) {
    self.observations = observations
    self.actions = actions
  }

  package init(_ environment: any VectorEnvironment) {
    self.init(observations: environment.observationSpace, actions: environment.actionSpace)
  }
}

/// One rule of a game in words: what it is about, and what it says.
package struct RuleLine: Sendable, Equatable {
  package let name: String
  package let text: String

  package init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }
}

/// A game beside the one that is played, of which only rules are walked.
package struct CompanionGame: Sendable {
  package let play: SessionPlay
  private let make: @Sendable (MarketTape, Range<Int>) throws(EnvironmentError) -> any TradingEnvironment

  /// walk: one lane that walks a window of a tape once, recording what it does.
  init(
    _ play: SessionPlay,
    walk: @escaping @Sendable (MarketTape, Range<Int>) throws(EnvironmentError) -> any TradingEnvironment
  ) {
    (self.play, make) = (play, walk)
  }

  package func walk(_ tape: MarketTape, window: Range<Int>) throws(EnvironmentError) -> any TradingEnvironment {
    try make(tape, window)
  }
}

/// One environment: its name, its settings, its spaces, what it needs of the data, how its lanes are made, and how it is judged. A registry is a list of
/// these; nothing else knows an environment by name.
package struct EnvironmentFamily: Sendable {
  /// What configurations and files call it.
  package let name: String
  /// Other names under which it is read, never written.
  package let aliases: [String]
  /// One line for a list.
  package let summary: String
  package let defaults: any EnvironmentConfiguration
  /// What can be set, beside what all environments have. Keys begin with `environment.`.
  package let settings: [SettingOf<any EnvironmentConfiguration>]
  package let play: Play

  /// On what an environment is played, and so by what it is judged.
  package enum Play: Sendable {
    /// Makes its own episodes from streams of random numbers; judged by its mean reward on fresh ones, against the optimum where it is known.
    case game(GamePlay)
    /// Plays bars of a store; has windows of dates that must not overlap; judged by the account of one walk through a window.
    case bars(BarsPlay)
  }

  /// Whether there are windows of dates, of which one trains, one chooses and one judges.
  package var hasWindows: Bool {
    if case .bars = play { true } else { false }
  }

  package struct GamePlay: Sendable {
    package let spaces: @Sendable (any EnvironmentConfiguration) -> EnvironmentSpaces
    package let lanes: @Sendable (any EnvironmentConfiguration, _ count: Int) -> any GameEnvironment
  }

  package struct BarsPlay: Sendable {
    /// Everything about a tape that is computed once and read by all lanes.
    package typealias Prepared = any Sendable

    /// How many bars back what is seen at a bar may reach.
    package let featureBars: Int
    /// Checks a tape, and computes what all lanes read. Throws what lanes would refuse, whatever their window.
    package let prepare: @Sendable (any EnvironmentConfiguration, MarketTape) throws(EnvironmentError) -> Prepared
    package let spaces: @Sendable (any EnvironmentConfiguration, MarketTape) -> EnvironmentSpaces
    /// Many lanes, with starts at random inside the window and episodes of so many bars.
    package let lanes:
      @Sendable (any EnvironmentConfiguration, MarketTape, Prepared, _ window: Range<Int>, _ count: Int, _ length: Int)
        throws(EnvironmentError) -> any VectorEnvironment
    /// Lanes that each walk a window once from its first bar, recording what they do.
    package let walk:
      @Sendable (any EnvironmentConfiguration, MarketTape, Prepared, _ window: Range<Int>, _ count: Int)
        throws(EnvironmentError) -> any TradingEnvironment
    /// The same game where trading costs so many times as much, each cost at most what its setting allows; nil where it costs nothing.
    package let costlier: @Sendable (any EnvironmentConfiguration, _ factor: Double) -> (any EnvironmentConfiguration)?
    /// How orders are filled, what they cost and what may be held on bars of a width, in words. `number`: how a report writes one.
    package let rules: @Sendable (any EnvironmentConfiguration, _ number: (Double) -> String, BarWidth) -> [RuleLine]
    /// What a learner must know of the configuration before it starts, in sentences.
    package let notes: @Sendable (any EnvironmentConfiguration) -> [String]
    /// The rules without learning that must be beaten.
    package let baselines: [Baseline]
    /// Which options the tape must have; nil: bars are traded, and none are.
    package var options: (@Sendable (any EnvironmentConfiguration) -> OptionNeeds)? = nil
    /// How rules and chance play it where an action is no order of symbols; nil where it is one, and `baselines` are the rules.
    package var play: SessionPlay? = nil
    /// Other games over the same tape and window, at the same costs, whose rules must be beaten too.
    package var companions: (@Sendable (any EnvironmentConfiguration) -> [CompanionGame])? = nil
    /// The same game where a kill switch that has latched is re-armed with the next session; nil where there is no such switch.
    package var rearmed: (@Sendable (any EnvironmentConfiguration) -> any EnvironmentConfiguration)? = nil
    /// The same game under a stress that its settings can make; nil for others, and for all costs, which `costlier` makes.
    package var stressed: (@Sendable (any EnvironmentConfiguration, MarketStress) -> (any EnvironmentConfiguration)?)? =
      nil
    /// Every how many minutes of a session is decided, where episodes are sessions; nil where every bar is decided in, and episodes have the length that is asked for.
    package var decisionMinutes: (@Sendable (any EnvironmentConfiguration) -> Int)? = nil
  }

  /// A game of lanes whose rules are its configuration. `lanes`: `{ Lanes($0, laneCount: $1) }`, written where the game's type is known, so that its
  /// rules are compiled into the loop. Traps where the game shows a column twice.
  package init<Game: LaneGame & EnvironmentConfiguration>(
    _ name: String, _ summary: String, game: Game, settings: [SettingOf<Game>],
    lanes: @escaping @Sendable (Game, Int) -> any GameEnvironment
  ) {
    let columns = game.columns.map(\.name)
    precondition(Set(columns).count == columns.count, "\(name) has a column twice: \(columns)")
    self.init(
      name: name, aliases: [], summary: summary, defaults: game, settings: settings.map { $0.erased() },
      play: .game(
        GamePlay(
          spaces: { configuration in
            let game = typed(configuration, Game.self)
            return EnvironmentSpaces(
              observations: ObservationSpace(columns: game.columns), actions: game.actionSpace)
          },
          lanes: { lanes(typed($0, Game.self), $1) })))
  }

  /// Traps where a setting's key stands outside the section `environment`, or twice.
  init(
    name: String, aliases: [String], summary: String, defaults: any EnvironmentConfiguration,
    settings: [SettingOf<any EnvironmentConfiguration>], play: Play
  ) {
    precondition(settings.allSatisfy { $0.key.hasPrefix("environment.") }, "a setting of \(name) outside environment")
    precondition(Set(settings.map(\.key)).count == settings.count, "\(name) has a setting twice")
    self.name = name
    self.aliases = aliases
    self.summary = summary
    self.defaults = defaults
    self.settings = settings
    self.play = play
  }
}

/// The configuration of a family, whose type its own maker knows.
func typed<Configuration: EnvironmentConfiguration>(
  _ configuration: any EnvironmentConfiguration, _: Configuration.Type
) -> Configuration {
  guard let configuration = configuration as? Configuration else {
    preconditionFailure("a configuration of \(type(of: configuration)) for \(Configuration.self)")
  }
  return configuration
}

extension SettingOf where Root: EnvironmentConfiguration {
  /// The same setting of a configuration whose type only the family knows.
  func erased() -> SettingOf<any EnvironmentConfiguration> {
    lifted(get: { typed($0, Root.self) }, set: { $0 = $1 })
  }
}
