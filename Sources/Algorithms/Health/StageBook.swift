// What stands in each stage of an update: ranges, and the first value that is not finite.

/// All numbers of one kind that an update reads or makes.
package struct ReplayStage: Sendable, Equatable {
  package let name: String
  package fileprivate(set) var count = 0
  /// The range of those that are finite; least above most where there are none.
  package fileprivate(set) var least = Double.infinity
  package fileprivate(set) var most = -Double.infinity
  package fileprivate(set) var nonFiniteCount = 0
}

/// The first value that is not finite, in the order in which an update computes.
package struct ReplayOrigin: Sendable, Equatable {
  package let stage: String
  /// Row and column in words, with what they stand for.
  package let place: String
  package let value: Double
  /// Whether it was so before the update computed anything; otherwise it came out of finite numbers.
  package let isGiven: Bool
}

/// Takes in numbers in the order in which an update reads and makes them.
final class StageBook {
  private(set) var stages: [ReplayStage] = []
  private(set) var origin: ReplayOrigin?
  private var places: [String: Int] = [:]

  /// place: of the value at an index, in words; asked for once at most.
  func note<Numbers: Sequence>(
    _ name: String, _ values: Numbers, isGiven: Bool = false, place: (Int) -> String
  ) where Numbers.Element: BinaryFloatingPoint {
    let index: Int
    if let known = places[name] {
      index = known
    } else {
      index = stages.count
      places[name] = index
      stages.append(ReplayStage(name: name))
    }
    var stage = stages[index]
    for (position, value) in values.enumerated() {
      let number = Double(value)
      stage.count += 1
      if number.isFinite {
        stage.least = min(stage.least, number)
        stage.most = max(stage.most, number)
        continue
      }
      stage.nonFiniteCount += 1
      if origin == nil { origin = ReplayOrigin(stage: name, place: place(position), value: number, isGiven: isGiven) }
    }
    stages[index] = stage
  }

  /// One number that belongs to the whole.
  func note(_ name: String, _ value: Double, isGiven: Bool = false) {
    note(name, CollectionOfOne(value), isGiven: isGiven) { _ in "the one value" }
  }
}
