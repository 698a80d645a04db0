// Running normalisation of observations and rewards against VecNormalize, to the bit.

import Algorithms
import Inference
import Kernels
import OpCases
import TestSupport
import Testing

@Suite struct GoldenNormalizationTests {
  @Test func `observation moments and scaled observations equal the reference`() throws {
    let golden = try Golden("ppo_vecnormalize")
    let reset = try golden.tensor("resetObservations")
    let (lanes, columns) = (reset.shape[0], reset.shape[1])
    let stream = try golden.tensor("observations")
    let steps = stream.shape[0]
    let finals = try golden.tensor("finalObservations").floats
    let dones = try golden.tensor("dones").values
    let (clip, epsilon) = (try golden.number("clip"), try golden.number("epsilon"))
    #expect(epsilon == ObservationNormalizer.defaultEpsilon && clip == ObservationNormalizer.defaultClip)

    let moments = RunningMoments(columns: columns, sliceCount: 1)
    let rows = FencedBuffer(count: lanes * columns)
    var (means, variances, counts): ([Double], [Double], [Double]) = ([], [], [])
    var (scaled, scaledFinal): ([Float], [Float]) = ([], [])
    let observations = reset.floats + stream.floats
    for step in 0...steps {
      let row = Array(observations[(step * lanes * columns)..<((step + 1) * lanes * columns)])
      for (index, value) in row.enumerated() { rows.base[index] = value }
      moments.measure(slice: 0, rows: MatrixView(base: rows.base, rows: lanes, columns: columns))
      moments.merge()
      means += UnsafeBufferPointer(start: moments.mean, count: columns)
      variances += UnsafeBufferPointer(start: moments.variance, count: columns)
      counts.append(moments.count)
      ObservationNormalizer.normalize(
        rows.base, into: rows.base, rows: lanes, columns: columns, sourceStride: columns, destinationStride: columns,
        mean: moments.mean, variance: moments.variance, clip: clip, epsilon: epsilon)
      scaled += rows.array
      guard step > 0 else { continue }
      // The deployed form, on the observations that ended an episode.
      let normalizer = ObservationNormalizer(
        mean: Array(UnsafeBufferPointer(start: moments.mean, count: columns)),
        variance: Array(UnsafeBufferPointer(start: moments.variance, count: columns)), count: moments.count)
      for lane in 0..<lanes {
        let index = (step - 1) * lanes + lane
        var final = Array(finals[(index * columns)..<((index + 1) * columns)])
        if dones[index] != 0 { normalizer.normalize(&final) }
        scaledFinal += final
      }
    }
    #expect(rows.isIntact)

    let expected = try golden.part("expected")
    func describe(_ index: Int) -> String { "step \(index / columns), column \(index % columns)" }
    func describeRow(_ index: Int) -> String {
      "row \(index / columns), column \(index % columns), observation \(observations[index])"
    }
    // The reference's doubles are rounded as its own cast to float rounds them.
    let problems = [
      try expected.tensor("mean").difference(from: means, inputs: describe),
      try expected.tensor("variance").difference(from: variances, inputs: describe),
      try expected.tensor("count").difference(from: counts) { "step \($0)" },
      try expected.tensor("scaled").difference(from: scaled, inputs: describeRow),
      try expected.tensor("scaledFinal").difference(from: scaledFinal) { "final observation column \(finals[$0])" },
    ].compactMap { $0 }
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }

  @Test func `running returns and scaled rewards equal the reference`() throws {
    let golden = try Golden("ppo_vecnormalize")
    let stream = try golden.tensor("rewards")
    let (steps, lanes) = (stream.shape[0], stream.shape[1])
    let dones = try golden.tensor("dones").values.map { UInt8($0) }
    let normalizer = RewardNormalizer(
      laneCount: lanes, sliceCount: 1, gamma: try golden.number("gamma"), clip: try golden.number("clip"))
    normalizer.begin()
    let rewards = FencedBuffer(count: lanes)
    var (returns, means, variances, counts): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    var scaled: [Float] = []
    for step in 0..<steps {
      for lane in 0..<lanes { rewards.base[lane] = stream.floats[step * lanes + lane] }
      normalizer.measure(slice: 0, lanes: 0..<lanes, rewards: rewards.base)
      normalizer.moments.merge()
      returns += UnsafeBufferPointer(start: normalizer.returns, count: lanes)
      means.append(normalizer.moments.mean[0])
      variances.append(normalizer.moments.variance[0])
      counts.append(normalizer.moments.count)
      let ended = Array(dones[(step * lanes)..<((step + 1) * lanes)])
      normalizer.normalize(lanes: 0..<lanes, rewards: rewards.base, ended: ended)
      scaled += rewards.array
    }
    #expect(rewards.isIntact)
    let expected = try golden.part("expected")
    func describe(_ index: Int) -> String {
      "step \(index / lanes), lane \(index % lanes), reward \(stream.values[index]), done \(dones[index])"
    }
    let problems = [
      try expected.tensor("returns").difference(from: returns, inputs: describe),
      try expected.tensor("returnMean").difference(from: means) { "step \($0)" },
      try expected.tensor("returnVariance").difference(from: variances) { "step \($0)" },
      try expected.tensor("returnCount").difference(from: counts) { "step \($0)" },
      try expected.tensor("scaledRewards").difference(from: scaled, inputs: describe),
    ].compactMap { $0 }
    #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
  }
}
