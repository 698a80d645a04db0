// The columns of a chain, and what a quote is made of.

/// A column of quotes. Every value has 32 bits: prices are ten-thousandths of a dollar, sizes and volumes whole numbers, volatilities and Greeks the bits of
/// a `Float`. `ChainValue.none` stands where a vendor gave nothing.
package enum ChainColumn: Int, CaseIterable, Sendable {
  case bid, ask, bidSize, askSize, last, volume
  case impliedVolatility, delta, gamma, theta, vega, rho

  /// What it is called in a store.
  package var name: String {
    switch self {
    case .bid: "bid"
    case .ask: "ask"
    case .bidSize: "bid_size"
    case .askSize: "ask_size"
    case .last: "last"
    case .volume: "volume"
    case .impliedVolatility: "implied_volatility"
    case .delta: "delta"
    case .gamma: "gamma"
    case .theta: "theta"
    case .vega: "vega"
    case .rho: "rho"
    }
  }

  package var isPrice: Bool { self == .bid || self == .ask || self == .last }
  /// Whether its bits are those of a `Float`.
  package var isFloat: Bool { rawValue >= ChainColumn.impliedVolatility.rawValue }

  static let count = allCases.count
}

/// A value of 32 bits in a chain's column.
package enum ChainValue {
  /// Nothing: no price, no size, and as the bits of a `Float` a zero that nobody writes (negative).
  @inlinable package static var none: Int32 { .min }
  /// Ten-thousandths of a dollar.
  package static let ticksPerDollar = 10_000

  package static func dollars(_ value: Int32) -> Double? {
    value == none ? nil : Double(value) / Double(ticksPerDollar)
  }

  package static func float(_ value: Int32) -> Float? {
    value == none ? nil : Float(bitPattern: UInt32(bitPattern: value))
  }

  /// A negative zero becomes the positive one.
  @inlinable package static func bits(_ value: Float) -> Int32 {
    Int32(bitPattern: (value == 0 ? 0 : value).bitPattern)
  }
}

/// What was quoted of one contract in one minute. Prices in ten-thousandths of a dollar; `ChainValue.none` where nothing was.
package struct ChainQuote: Equatable, Sendable {
  package var bid = ChainValue.none
  package var ask = ChainValue.none
  package var bidSize = ChainValue.none
  package var askSize = ChainValue.none
  package var last = ChainValue.none
  package var volume = ChainValue.none

  package init() {}

  /// Whether anything was said of the contract in that minute.
  package var isEmpty: Bool { self == ChainQuote() }
  /// A bid of 0 buys nothing, and an ask of 0 is none.
  package var isTwoSided: Bool { bid > 0 && ask > 0 }
  package var isCrossed: Bool { isTwoSided && bid > ask }
  package var isLocked: Bool { isTwoSided && bid == ask }
  /// Whether somebody stood ready on both sides, at prices that can both be true. What else is quoted, nobody trades on.
  package var isTradable: Bool { isTwoSided && bid < ask }

  package var bidDollars: Double? { ChainValue.dollars(bid) }
  package var askDollars: Double? { ChainValue.dollars(ask) }
  package var lastDollars: Double? { ChainValue.dollars(last) }
}

/// A vendor's volatility and Greeks of one contract in one minute, in the units that the chain declares; nil where it gave none.
package struct ChainGreeks: Equatable, Sendable {
  package var impliedVolatility: Float?
  package var delta: Float?
  package var gamma: Float?
  package var theta: Float?
  package var vega: Float?
  package var rho: Float?
}

/// What a vendor's figures mean, as its layout declares it; nil where nobody says.
package struct ChainDeclaration: Equatable, Sendable {
  package enum ThetaUnit: String, Sendable { case calendarDay = "calendar-day", tradingDay = "trading-day", year }
  package enum VegaUnit: String, Sendable { case point, whole }
  package enum Clock: String, Sendable { case calendar, session }
  /// What a volume counts: the minute alone, or the day up to it.
  package enum VolumeSpan: String, Sendable { case minute, day }

  package var theta: ThetaUnit?
  package var vega: VegaUnit?
  /// The clock of volatilities and Greeks.
  package var clock: Clock?
  package var volume: VolumeSpan?

  package init(theta: ThetaUnit? = nil, vega: VegaUnit? = nil, clock: Clock? = nil, volume: VolumeSpan? = nil) {
    (self.theta, self.vega, self.clock, self.volume) = (theta, vega, clock, volume)
  }

  /// What both say, where they do not contradict each other; nil where they do.
  package func joined(with other: ChainDeclaration) -> ChainDeclaration? {
    func agree<Value: Equatable>(_ left: Value?, _ right: Value?) -> Bool {
      left == nil || right == nil || left == right
    }
    guard agree(theta, other.theta), agree(vega, other.vega), agree(clock, other.clock), agree(volume, other.volume)
    else { return nil }
    return ChainDeclaration(
      theta: theta ?? other.theta, vega: vega ?? other.vega, clock: clock ?? other.clock,
      volume: volume ?? other.volume)
  }
}
