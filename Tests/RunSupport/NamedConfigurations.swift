// The configurations of the product's environments and algorithms, by name.

package import Algorithms
package import Environments
package import Training

/// The configurations that tests change by name.
extension RunConfiguration {
  package var ppo: PPO.Configuration {
    get { self[PPO.Configuration.self] }
    set { self[PPO.Configuration.self] = newValue }
  }
  package var a2c: A2C.Configuration {
    get { self[A2C.Configuration.self] }
    set { self[A2C.Configuration.self] = newValue }
  }
  package var dqn: DQN.Configuration {
    get { self[DQN.Configuration.self] }
    set { self[DQN.Configuration.self] = newValue }
  }
  package var basket: BasketConfiguration {
    get { self[BasketConfiguration.self] }
    set { self[BasketConfiguration.self] = newValue }
  }
  package var leak: LeakMarket {
    get { self[LeakMarket.self] }
    set { self[LeakMarket.self] = newValue }
  }
  package var cue: CueMarket {
    get { self[CueMarket.self] }
    set { self[CueMarket.self] = newValue }
  }
  /// Traps where there is no such environment.
  package var environmentName: String {
    get { environment.name }
    set { environment = families.environment(named: newValue)! }
  }

  /// Short episodes in every environment that has a length of its own.
  package mutating func shorten(to steps: Int) {
    self[LeakMarket.self].episodeLength = steps
    self[LeakBasket.self].episodeLength = steps
    self[MeanReversionMarket.self].episodeLength = steps
    self[RegimeSwitchingMarket.self].episodeLength = steps
  }
}
