// The algorithms of the product: a new one is one line here.

package enum AlgorithmRegistry {
  package static let families: [AlgorithmFamily] = [
    PPO.family,
    A2C.family,
    DQN.family,
  ]

  /// Every variant of every algorithm of the product.
  package static var tags: [AlgorithmTag] { families.flatMap(\.tags) }
}
