// The comparison that all golden tests rest on must itself be able to fail.

import TestSupport
import Testing

@Suite struct GoldenComparisonTests {
  private let tensor = GoldenTensor(
    place: "file/part", shape: [2, 3], values: [0, 1, 2, 3, 4, 5], tolerance: 0.25)

  @Test func `differences up to the tolerance pass`() {
    #expect(tensor.difference(from: [0.25, 1, 1.75, 3, 4, 5]) { _ in "" } == nil)
    #expect(tensor.error(of: [0.25, 1, 1.875, 3, 4, 5]).ratio == 1)
    #expect(tensor.error(of: [0, 1, 2, 3.5, 4, 5]).ratio == 2)
  }

  @Test func `a failure names place, element, expected, found, error, tolerance and inputs`() throws {
    let found: [Double] = [0, 1.5, 2, 3, 4, 7]
    let text = try #require(tensor.difference(from: found) { "input \($0)" })
    for part in ["file/part[1, 2]", "expected 5.0", "found 7.0", "error 2.0", "tolerance 0.25", "2 of 6", "input 5"] {
      #expect(text.contains(part), "'\(part)' in: \(text)")
    }
  }

  @Test func `not-a-number, a wrong count, no element and a missing tolerance never pass`() {
    #expect(tensor.difference(from: [0, Double.nan, 2, 3, 4, 5]) { _ in "" }?.contains("nan") == true)
    #expect(tensor.difference(from: [0.0, 1, 2]) { _ in "" } != nil)
    #expect(tensor.difference(from: tensor.values, where: { _ in false }) { _ in "" } != nil)
    let input = GoldenTensor(place: "file/input", shape: [1], values: [1], tolerance: nil)
    #expect(input.difference(from: [1.0]) { _ in "" } != nil)
  }

  @Test(arguments: GoldenPPO.all + GoldenA2C.all)
  func `every expected tensor has a tolerance far below its numbers`(name: String) throws {
    let file = try Golden(name)
    let parts = [
      try file.part("forward").part("expected"), try file.part("advantages"), try file.part("collected"),
      try file.part(file.has("updates") ? "updates" : "minibatches"), try file.part("after1"), try file.part("after10"),
      try file.part("after\(file.integer("lastUpdate"))"),
    ]
    for part in parts {
      for key in part.keys {
        let tensor = try part.tensor(key)
        let tolerance = try #require(tensor.tolerance)
        let largest = tensor.values.map(abs).max() ?? 0
        // A rollout without truncations has no bootstrap values: all are zero, and the tolerance may be nothing.
        #expect(
          tolerance > 0 && (largest == 0 || tolerance < 1e-3 * largest), "\(tensor.place): \(tolerance), \(largest)")
      }
    }
    #expect(
      try file.part(file.has("updates") ? "updates" : "minibatches").tensor("policyLoss").values.count >= 32)
  }
}
