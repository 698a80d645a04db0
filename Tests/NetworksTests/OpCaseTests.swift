// Every operation's cases: agreement with the plain twin on every way, and gradients as slopes.

import OpCases
import Testing

extension OpCase: CustomTestStringConvertible {
  /// Its name.
  public var testDescription: String { name }
}

@Suite struct OpCaseTests {
  @Test(arguments: OpCases.all) func `ways agree with the plain twin`(one: OpCase) {
    let problems = one.problems()
    #expect(problems.isEmpty)
  }

  @Test(arguments: OpCases.all.filter { $0.differences != nil }) func `gradients are slopes`(one: OpCase) {
    let problems = one.slopeProblems()
    #expect(problems.isEmpty)
  }

  @Test func `names and metrics are told apart`() {
    let metrics = OpCases.all.flatMap(\.timings).map(\.metric)
    #expect(Set(metrics).count == metrics.count && metrics.count > 20)
    #expect(OpCases.all.allSatisfy { !$0.ways.isEmpty && !$0.bounds.isEmpty })
  }

  /// A case whose ways are wrong in every manner that one can be is told of in as many sentences.
  @Test func `what is wrong is said`() {
    func way(_ name: String, _ value: Float, fence: Bool = true, output: String = "y") -> OpWay {
      OpWay(name) { _ in
        let buffer = FencedBuffer([value])
        return OpCall(buffers: [buffer], outputs: { [output: buffer.array] }) { if !fence { buffer.base[1] = 0 } }
      }
    }
    func square(_ ways: [OpWay]) -> OpCase {
      OpCase(
        "twice x", numbers: { ["x": [3]] }, plain: { ["y": $0["x"]!.map { 2 * Double($0) }] },
        bounds: ["y": .absolute(1e-3)], ways: ways,
        differences: OpDifferences(step: 1e-4, bound: .absolute(1e-3), gradients: [("y", "x")]) {
          $0["x"]![0] * $0["x"]![0]
        })
    }
    let right = square([way("right", 6)])
    #expect(right.problems().isEmpty && right.slopeProblems().isEmpty)
    for (wrong, words) in [
      (way("far", 6.01), "is 6.01"), (way("none", .nan), "is nan"), (way("over", 6, fence: false), "beside its memory"),
      (way("other", 6, output: "z"), "no such output"),
    ] {
      let found = square([wrong])
      let problems = found.problems()
      #expect(problems.count == 1 && problems[0].contains(words) && problems[0].contains(wrong.name), "\(problems)")
      let slopes = found.slopeProblems()
      #expect(slopes.isEmpty == (wrong.name == "over"), "\(slopes)")
    }
  }

  @Test func `bounds hold what they say`() {
    let exact = [1.0, -4, 0]
    for (bound, near, far) in [
      (OpBound.absolute(0.1), [1.05, -4.05, 0.05], [1.05, -4.2, 0]), (.scaled(0.1), [1.05, -4.3, 0.05], [1.2, -4, 0]),
      (.ulps(1), [1, -4, 0], [1.0000003, -4, 0]), (.ofLargest(0.1), [1.3, -4, 0.3], [1.5, -4, 0]),
      (.distance(0.1), [1.1, -4.1, 0.1], [2, -4, 0]), (.angle(0.01), [2, -8, 0], [-1, -4, 0]),
    ] {
      #expect(bound.problem(near, exact) == nil, "\(bound)")
      #expect(bound.problem(far, exact) != nil, "\(bound)")
      #expect(bound.problem([.nan, -4, 0], exact) != nil && bound.problem([1], exact) != nil, "\(bound)")
    }
  }
}
