// The columns of a tape of options in memory of their own, so that lanes reach them without a class around.

extension OptionTape {
  /// Columns over places as plain arrays; see the properties of `OptionTape`. nil: nobody says it.
  package struct PlainPlaces: Sendable, Equatable {
    package var bids: [Int32] = []
    package var asks: [Int32] = []
    package var minutes: [Int32] = []
    package var models: [Int32] = []
    package var underlyingPrices: [Int32] = []
    package var bidSizes: [Int32]?
    package var askSizes: [Int32]?
    package var volumes: [Int32]?
    package var dayVolumes: [Int32]?
    package var volatilities: [Float] = []
    package var deltas: [Float] = []
    package var gammas: [Float] = []
    package var vegas: [Float] = []
    package var decaysToClose: [Float] = []

    package init() {}
  }

  /// Columns over rows as plain arrays. `features`: rows x `OptionFeatures.columns.count`.
  package struct PlainRows: Sendable, Equatable {
    package var spots: [Double] = []
    package var years: [Double] = []
    package var weights: [Double] = []
    package var volatilityRanks: [Float] = []
    package var features: [Float] = []

    package init() {}
  }

  /// A copy of all columns, for comparisons.
  package var plainPlaces: PlainPlaces { places.plain }
  package var plainRows: PlainRows { rows.plain }
}

/// Columns over places. Threads write disjoint sessions while a tape is made; nobody writes later.
final class OptionPlaces: @unchecked Sendable {
  let count: Int
  let bids: UnsafeMutablePointer<Int32>
  let asks: UnsafeMutablePointer<Int32>
  let minutes: UnsafeMutablePointer<Int32>
  let models: UnsafeMutablePointer<Int32>
  let underlyingPrices: UnsafeMutablePointer<Int32>
  let bidSizes: UnsafeMutablePointer<Int32>?
  let askSizes: UnsafeMutablePointer<Int32>?
  let volumes: UnsafeMutablePointer<Int32>?
  let dayVolumes: UnsafeMutablePointer<Int32>?
  let volatilities: UnsafeMutablePointer<Float>
  let deltas: UnsafeMutablePointer<Float>
  let gammas: UnsafeMutablePointer<Float>
  let vegas: UnsafeMutablePointer<Float>
  let decays: UnsafeMutablePointer<Float>

  /// Nobody stands anywhere, and nothing is known.
  init(count: Int, hasSizes: Bool, hasVolumes: Bool, hasDayVolumes: Bool) {
    func column<Element>(_ value: Element) -> UnsafeMutablePointer<Element> { optionColumn(value, count) }
    self.count = count
    (bids, asks) = (column(0), column(0))
    // No quote was ever made: carried forward from minute 0.
    minutes = column(-1)
    (models, underlyingPrices) = (column(-1), column(-1))
    (bidSizes, askSizes) = hasSizes ? (column(-1), column(-1)) : (nil, nil)
    volumes = hasVolumes ? column(-1) : nil
    dayVolumes = hasDayVolumes ? column(-1) : nil
    (volatilities, deltas, gammas, vegas, decays) = (
      column(.nan), column(.nan), column(.nan), column(.nan), column(.nan)
    )
  }

  private var integers: [UnsafeMutablePointer<Int32>] {
    [bids, asks, minutes, models, underlyingPrices] + [bidSizes, askSizes, volumes, dayVolumes].compactMap { $0 }
  }

  private var numbers: [UnsafeMutablePointer<Float>] { [volatilities, deltas, gammas, vegas, decays] }

  var byteCount: Int { 4 * count * (integers.count + numbers.count) }

  deinit {
    integers.forEach { $0.deallocate() }
    numbers.forEach { $0.deallocate() }
  }

  func assign(_ plain: OptionTape.PlainPlaces) {
    copy(plain.bids, to: bids, count, "bids")
    copy(plain.asks, to: asks, count, "asks")
    copy(plain.minutes, to: minutes, count, "minutes")
    copy(plain.models, to: models, count, "models")
    copy(plain.underlyingPrices, to: underlyingPrices, count, "underlying prices")
    if let bidSizes, let sizes = plain.bidSizes { copy(sizes, to: bidSizes, count, "bid sizes") }
    if let askSizes, let sizes = plain.askSizes { copy(sizes, to: askSizes, count, "ask sizes") }
    if let volumes, let traded = plain.volumes { copy(traded, to: volumes, count, "volumes") }
    if let dayVolumes, let traded = plain.dayVolumes { copy(traded, to: dayVolumes, count, "volumes of days") }
    copy(plain.volatilities, to: volatilities, count, "volatilities")
    copy(plain.deltas, to: deltas, count, "deltas")
    copy(plain.gammas, to: gammas, count, "gammas")
    copy(plain.vegas, to: vegas, count, "vegas")
    copy(plain.decaysToClose, to: decays, count, "decays")
  }

  var plain: OptionTape.PlainPlaces {
    func array<Element>(_ column: UnsafeMutablePointer<Element>) -> [Element] {
      Array(UnsafeBufferPointer(start: column, count: count))
    }
    var plain = OptionTape.PlainPlaces()
    (plain.bids, plain.asks, plain.minutes) = (array(bids), array(asks), array(minutes))
    (plain.models, plain.underlyingPrices) = (array(models), array(underlyingPrices))
    (plain.bidSizes, plain.askSizes) = (bidSizes.map(array), askSizes.map(array))
    (plain.volumes, plain.dayVolumes) = (volumes.map(array), dayVolumes.map(array))
    (plain.volatilities, plain.deltas) = (array(volatilities), array(deltas))
    (plain.gammas, plain.vegas, plain.decaysToClose) = (array(gammas), array(vegas), array(decays))
    return plain
  }
}

/// Columns over rows.
final class OptionRows: @unchecked Sendable {
  let count: Int
  let spots: UnsafeMutablePointer<Double>
  let years: UnsafeMutablePointer<Double>
  let weights: UnsafeMutablePointer<Double>
  let ranks: UnsafeMutablePointer<Float>
  let features: UnsafeMutablePointer<Float>

  init(count: Int) {
    self.count = count
    spots = optionColumn(.nan, count)
    years = optionColumn(0, count)
    weights = optionColumn(1, count)
    ranks = optionColumn(.nan, count)
    features = optionColumn(0, count * OptionFeatures.columns.count)
  }

  var byteCount: Int { count * (8 * 3 + 4 * (1 + OptionFeatures.columns.count)) }

  deinit {
    spots.deallocate()
    years.deallocate()
    weights.deallocate()
    ranks.deallocate()
    features.deallocate()
  }

  func assign(_ plain: OptionTape.PlainRows) {
    copy(plain.spots, to: spots, count, "spots")
    copy(plain.years, to: years, count, "years")
    copy(plain.weights, to: weights, count, "weights")
    copy(plain.volatilityRanks, to: ranks, count, "ranks")
    copy(plain.features, to: features, count * OptionFeatures.columns.count, "features")
  }

  var plain: OptionTape.PlainRows {
    var plain = OptionTape.PlainRows()
    plain.spots = Array(UnsafeBufferPointer(start: spots, count: count))
    plain.years = Array(UnsafeBufferPointer(start: years, count: count))
    plain.weights = Array(UnsafeBufferPointer(start: weights, count: count))
    plain.volatilityRanks = Array(UnsafeBufferPointer(start: ranks, count: count))
    plain.features = Array(UnsafeBufferPointer(start: features, count: count * OptionFeatures.columns.count))
    return plain
  }
}

private func optionColumn<Element>(_ value: Element, _ count: Int) -> UnsafeMutablePointer<Element> {
  let column = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
  column.initialize(repeating: value, count: count)
  return column
}

private func copy<Element>(
  _ values: [Element], to column: UnsafeMutablePointer<Element>, _ count: Int, _ name: String
) {
  precondition(values.count == count, "\(values.count) \(name) for \(count) places")
  for (place, value) in values.enumerated() { column[place] = value }
}
