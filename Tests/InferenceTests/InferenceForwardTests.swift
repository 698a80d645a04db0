// The deployed forward pass against PyTorch and sb3-contrib, recurrent state included.

import AgentInterface
import Inference
import TestSupport
import Testing
import Text

@Suite struct InferenceForwardTests {
  /// One expected tensor of the golden file.
  struct Expected {
    let values: [Double]
    let tolerance: Double

    init(_ json: JSON) throws {
      values = try #require(json["values"]?.arrayValue).compactMap(\.doubleValue)
      tolerance = try #require(json["tolerance"]?.doubleValue)
    }

    func check(_ found: some Collection<Float>, at start: Int, _ what: String) {
      for (index, value) in found.enumerated() {
        let error = abs(Double(value) - values[start + index])
        #expect(
          error <= tolerance,
          "\(what)[\(start + index)]: expected \(values[start + index]), found \(value), error \(error), tolerance \(tolerance)"
        )
      }
    }
  }

  static let cases = [
    "mlp_tanh", "mlp_relu_actor_only", "linear", "lstm_separate", "lstm_shared_detached", "lstm_shared_joint",
    "lstm_none",
    "lstm_actor_only",
  ]
  static let file = Result { try JSON.parse([UInt8](GoldenFile.data("inference_forward"))) }

  @Test(arguments: cases)
  func equalsTheReference(name: String) throws {
    let content = try Self.file.get()
    let all = try #require(content["cases"]?.arrayValue)
    #expect(all.compactMap { $0["name"]?.stringValue } == Self.cases)
    let item = try #require(all.first { $0["name"]?.stringValue == name })
    let spec = try NetworkSpec(json: try #require(item["network"]))
    var parameters: [Float] = []
    let named = try #require(item["parameters"]?.objectValue)
    let layout = ParameterLayout(spec)
    #expect(Set(named.keys) == Set(layout.entries.map(\.name)))
    for entry in layout.entries {
      #expect(named[entry.name]?["shape"]?.arrayValue?.compactMap(\.integerValue) == entry.shape)
      parameters += try floats(named[entry.name]?["values"])
    }
    var normalizer: ObservationNormalizer?
    if let moments = item["normalizer"], !moments.isNull {
      normalizer = ObservationNormalizer(
        mean: try #require(moments["mean"]?.arrayValue).compactMap(\.doubleValue),
        variance: try #require(moments["variance"]?.arrayValue).compactMap(\.doubleValue), count: 1)
    }
    let observations = try floats(item["observations"])
    let scaled = try floats(item["scaled_observations"])
    let starts = try #require(item["episode_starts"]?.arrayValue).map { $0 == 1 }
    let flags = try #require(item["masks"]?.arrayValue).map { $0 == 1 }
    let expected = try #require(item["expected"]?.objectValue).mapValues { try Expected($0) }

    var session = InferencePolicy(spec: spec, parameters: parameters, normalizer: normalizer, requiresMask: true)
      .makeSession()
    #expect(starts.count == 64)
    for step in starts.indices {
      let row = Array(observations[(step * spec.inputs)..<((step + 1) * spec.inputs)])
      var own = row
      normalizer?.normalize(&own)
      #expect(own == Array(scaled[(step * spec.inputs)..<((step + 1) * spec.inputs)]))
      let mask = ActionMask(flags[(step * spec.actions)..<((step + 1) * spec.actions)])
      let decision = try session.decide(row, mask: mask, startsEpisode: starts[step])
      let start = step * spec.actions
      expected["logits"]?.check(session.logits, at: start, "logits")
      expected["probabilities"]?.check(session.probabilities, at: start, "probabilities")
      expected["entropies"]?.check([decision.entropy], at: step, "entropies")
      expected["log_probabilities"]?.check(
        [decision.logProbability], at: start + Int(decision.action), "log_probabilities")
      if spec.hasValueHead {
        try #require(expected["values"]).check([try #require(decision.value)], at: step, "values")
      }
    }
    if spec.hiddenCount > 0 {
      try #require(expected["final_hidden"]).check(session.state.hidden, at: 0, "final_hidden")
      try #require(expected["final_cell"]).check(session.state.cell, at: 0, "final_cell")
    }
    #expect(expected["logits"] != nil && expected["probabilities"] != nil && expected["entropies"] != nil)
  }

  private func floats(_ json: JSON?) throws -> [Float] {
    try #require(json?.arrayValue).map { Float(try #require($0.doubleValue)) }
  }
}
