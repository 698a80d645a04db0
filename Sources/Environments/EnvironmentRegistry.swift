// The environments of the product: a new one is one line here.

package enum EnvironmentRegistry {
  package static let families: [EnvironmentFamily] = [
    BasketEnvironment.family,
    MeanReversionMarket.family,
    LeakMarket.family,
    LeakBasket.family,
    CueMarket.family,
    MartingaleMarket.family,
    RegimeSwitchingMarket.family,
    StraddleMarket.family,
    OptionsEnvironment.family,
    OptionsEnvironment.shortPremium,
  ]
}
