// Counter-based random numbers: reproducible for any number of threads, and resumable by one integer.

import CKernels

/// Counter-based random numbers (Threefry-2x32, 20 rounds). The triple (seed, purpose, lane) names a stream; adding a lane or a
/// purpose never changes the numbers of another. The state is `position` alone.
///
/// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; known answers of the Random123 library.
package struct RandomStream: Sendable, Hashable {
  package enum Purpose: UInt32, Sendable, CaseIterable {
    case initialization, episodeStart, fills, actionSampling, minibatchOrder, replaySampling, exploration
    case market, bootstrap, rewardPermutation, randomTrading, mutation
  }

  package let seed: UInt64
  package let purpose: Purpose
  package let lane: UInt32
  /// The number of 64-bit words taken so far.
  package var position: UInt64 = 0

  private let key0: UInt32
  private let key1: UInt32
  /// For loops in C that make the stream's words where they need them.
  var key: (UInt32, UInt32) { (key0, key1) }

  package init(seed: UInt64, purpose: Purpose, lane: UInt32 = 0, position: UInt64 = 0) {
    self.seed = seed
    self.purpose = purpose
    self.lane = lane
    self.position = position
    // The stream's own key is the seed's image of its name, so that streams differ in more than their counter.
    (key0, key1) = RandomStream.threefry(
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)), counter: (purpose.rawValue, lane)
    )
  }

  /// The 64-bit word at a place of the stream, without moving.
  package func word(at position: UInt64) -> UInt64 {
    let (low, high) = RandomStream.threefry(
      key: (key0, key1), counter: (UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32)))
    return UInt64(high) << 32 | UInt64(low)
  }

  package mutating func next() -> UInt64 {
    defer { position &+= 1 }
    return word(at: position)
  }

  /// Uniform in [0, 1), multiples of 2^-53.
  package mutating func nextDouble() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [0, 1), multiples of 2^-24, at a place of the stream, without moving.
  package func uniformFloat(at position: UInt64) -> Float { Float(word(at: position) >> 40) * 0x1p-24 }

  /// Uniform in [0, 1), multiples of 2^-24.
  package mutating func nextFloat() -> Float {
    defer { position &+= 1 }
    return uniformFloat(at: position)
  }

  /// Uniform in 0 ..< bound, without modulo bias (Lemire's multiplication with rejection). Traps if `bound` is 0.
  package mutating func nextInteger(below bound: UInt64) -> UInt64 {
    precondition(bound > 0, "random integer below 0")
    let threshold = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= threshold { return product.high }
    }
  }

  /// A standard normal number through the quantile function: one word each, so that a position names a draw.
  package mutating func nextNormal() -> Double {
    NormalDistribution.quantile((Double(next() >> 11) + 0.5) * 0x1p-53)
  }

  /// The next words, as if taken by `next()` one after the other, made sixteen at a time.
  package mutating func fill(_ words: UnsafeMutableBufferPointer<UInt64>) {
    guard let base = words.baseAddress else { return }
    let whole = words.count / 16 * 16
    for place in stride(from: 0, to: whole, by: 16) {
      ckernels_threefry_words(key0, key1, position, base + place)
      position &+= 16
    }
    for place in whole..<words.count { words[place] = next() }
  }

  /// Fisher-Yates, in place.
  package mutating func shuffle<Element>(_ values: inout [Element]) {
    values.withUnsafeMutableBufferPointer { shuffle($0) }
  }

  /// Fisher-Yates on borrowed memory, in place, as if with `nextInteger(below:)`; the stream's words are made sixteen at a time.
  package mutating func shuffle<Element>(_ values: UnsafeMutableBufferPointer<Element>) {
    guard values.count > 1 else { return }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 16) { words in
      var used = 16
      for last in stride(from: values.count - 1, to: 0, by: -1) {
        let bound = UInt64(last + 1)
        var product: (high: UInt64, low: UInt64)
        repeat {
          if used == 16 {
            ckernels_threefry_words(key0, key1, position, words.baseAddress)
            used = 0
          }
          product = words[used].multipliedFullWidth(by: bound)
          used += 1
          position &+= 1
          // The remainder is below the bound, so that it is asked for only where it can matter.
        } while product.low < bound && product.low < (0 &- bound) % bound
        values.swapAt(last, Int(product.high))
      }
    }
  }

  /// Threefry-2x32 with 20 rounds.
  package static func threefry(key: (UInt32, UInt32), counter: (UInt32, UInt32)) -> (UInt32, UInt32) {
    let key2 = 0x1BD1_1BDA ^ key.0 ^ key.1
    var x0 = counter.0 &+ key.0
    var x1 = counter.1 &+ key.1
    @inline(__always) func round(_ rotation: UInt32) {
      x0 = x0 &+ x1
      x1 = (x1 << rotation) | (x1 >> (32 - rotation))
      x1 ^= x0
    }
    @inline(__always) func four(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) {
      round(a)
      round(b)
      round(c)
      round(d)
    }
    four(13, 15, 26, 6)
    x0 = x0 &+ key.1
    x1 = x1 &+ key2 &+ 1
    four(17, 29, 16, 24)
    x0 = x0 &+ key2
    x1 = x1 &+ key.0 &+ 2
    four(13, 15, 26, 6)
    x0 = x0 &+ key.0
    x1 = x1 &+ key.1 &+ 3
    four(17, 29, 16, 24)
    x0 = x0 &+ key.1
    x1 = x1 &+ key2 &+ 4
    four(13, 15, 26, 6)
    x0 = x0 &+ key2
    x1 = x1 &+ key.0 &+ 5
    return (x0, x1)
  }
}
