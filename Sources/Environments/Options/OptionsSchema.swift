// What the options game shows and lets choose, by name and in order.

package import AgentInterface
package import Market

#if canImport(Glibc)
  import Glibc
#endif

/// An action of `options`.
package enum OptionsAction: Int, Sendable, CaseIterable {
  case hold, buyCall, buyPut, trimHalf, trimMost, exit

  package var name: String {
    switch self {
    case .hold: "hold"
    case .buyCall: "buy_call"
    case .buyPut: "buy_put"
    case .trimHalf: "trim_half"
    case .trimMost: "trim_most"
    case .exit: "exit"
    }
  }

  var move: OptionsMove {
    switch self {
    case .hold: .hold
    case .buyCall: .enterCall
    case .buyPut: .enterPut
    case .trimHalf: .trimHalf
    case .trimMost: .trimMost
    case .exit: .exit
    }
  }

  package static let space = ActionSpace(names: allCases.map(\.name), fallback: hold.rawValue)
}

/// What an action comes to, whatever is traded: each game over options has a set of actions, and all have one core.
enum OptionsMove: Sendable, Equatable {
  case hold, enterCall, enterPut, trimHalf, trimMost, exit

  /// Of how many that are held it gives back.
  func given(of held: Int) -> Int {
    switch self {
    case .trimHalf: held / 2
    case .trimMost: 3 * held / 4
    case .exit: held
    default: 0
    }
  }
}

/// Which game is played over a tape of options.
package enum OptionsGame: Sendable, Hashable, CaseIterable {
  /// Calls and puts are bought: see `OptionsAction`.
  case options
  /// Premium is sold: see `PremiumAction`.
  case shortPremium
  /// A call and a put of one strike are sold or bought together: see `StraddleAction`. No family; it is played as a rule to be beaten.
  case straddle

  package var name: String {
    switch self {
    case .options: OptionsEnvironment.name
    case .shortPremium: "short_premium"
    case .straddle: "straddle"
    }
  }

  /// By action.
  var moves: [OptionsMove] {
    switch self {
    case .options: OptionsAction.allCases.map(\.move)
    case .shortPremium: PremiumAction.allCases.map(\.move)
    case .straddle: StraddleAction.allCases.map(\.move)
    }
  }

  package var space: ActionSpace {
    switch self {
    case .options: OptionsAction.space
    case .shortPremium: PremiumAction.space
    case .straddle: StraddleAction.space
    }
  }

  /// The most legs of an order.
  var legCount: Int {
    switch self {
    case .options: 1
    case .shortPremium, .straddle: 2
    }
  }
}

/// The bits of a mask that moves have; 0 where a game has no such action.
struct OptionsMoveBits: Sendable {
  let hold: UInt64
  let enterCall: UInt64
  let enterPut: UInt64
  let trims: UInt64
  let exit: UInt64

  init(_ moves: [OptionsMove]) {
    func bits(_ wanted: OptionsMove...) -> UInt64 {
      moves.indices.reduce(0) { wanted.contains(moves[$1]) ? $0 | 1 << UInt64($1) : $0 }
    }
    hold = bits(.hold)
    enterCall = bits(.enterCall)
    enterPut = bits(.enterPut)
    trims = bits(.trimHalf, .trimMost)
    exit = bits(.exit)
  }
}

/// The observation's columns, in the order that is the contract: the market, the clock and the surface of `OptionFeatures`, the position, what the account
/// has of each Greek and of each limit, which symbol it is, and what is known of its kind.
package enum OptionsObservation {
  package static func position(_ game: OptionsGame) -> [ObservationSpace.Column] {
    [
      .init(name: "side", unit: "1 call, -1 put, 0 nothing"),
      .init(name: "quantity", unit: game == .options ? "contracts over the most" : "packages sold over the most"),
      .init(name: "gain", unit: game == .options ? "fraction of what was paid" : "fraction of the credit"),
      .init(name: "spread", unit: "fraction of the middle"),
      .init(name: "minutes_held", unit: "fraction of the session"),
      .init(name: "contract_delta", unit: "dollars a dollar"),
      .init(name: "position_decay", unit: "decay to the close over the account"),
      .init(name: "days_to_expiry", unit: "sessions over 5"),
      .init(
        name: "order_in_flight",
        unit: game == .options
          ? "contracts over the most, sold negative" : "packages over the most, given back negative"),
    ]
  }

  package static let greeks = ["delta", "gamma", "decay", "vega"]

  /// Of the account.
  package static let exposures: [ObservationSpace.Column] = greeks.map {
    .init(name: $0 + "_exposure", unit: "fraction of the account, in the binding basis")
  }

  package static let utilisations: [ObservationSpace.Column] = greeks.map {
    .init(name: $0 + "_used", unit: "of its limit, within 2")
  }

  package static let specification: [ObservationSpace.Column] = [
    .init(name: "european", unit: "0 or 1"), .init(name: "index", unit: "0 or 1"),
    .init(name: "log_price", unit: "log10 of dollars over 4"),
  ]

  /// A price in dollars as it is shown; 0 where nobody knows it.
  static func logPrice(_ dollars: Double) -> Float {
    let shown = Float(log10(dollars) / 4)
    return shown.isFinite ? shown : 0
  }

  /// What a network sees of a limit that is used more than twice.
  package static let mostUtilisation = 2.0

  /// humanMomentum: with the columns of `OptionsMomentum` behind all others.
  package static func space(
    symbols: [String], humanMomentum: Bool = false, game: OptionsGame = .options
  ) -> ObservationSpace {
    let market = OptionFeatures.columns.map { ObservationSpace.Column(name: $0, unit: "see OptionFeatures") }
    let names = symbols.map { ObservationSpace.Column(name: "symbol." + $0, unit: "0 or 1") }
    return ObservationSpace(
      columns: market + position(game) + exposures + utilisations + names + specification
        + (humanMomentum ? OptionsMomentum.columns : []))
  }
}
