// Whether what is deployed holds the very numbers that the checkpoint holds.

import Inference

/// Compares bits: a difference in the last of a weight moves no logit beyond the noise of float32, and is another policy all the same.
enum ParameterBits {
  /// The first parameter of `deployed` that has other bits than the one of the same name in the checkpoint, or the first moment of its scaling, in
  /// words; nil where there is none. parameters: (P) of the checkpoint, in the order of the layout of `spec`, which may hold more than is deployed.
  static func difference(
    deployed: InferencePolicy, spec: NetworkSpec, parameters: [Float], normalizer: ObservationNormalizer?
  ) -> String? {
    let layout = ParameterLayout(spec)
    precondition(parameters.count == layout.count, "\(parameters.count) parameters for a network of \(layout.count)")
    let found = deployed.parameters
    for entry in deployed.layout.entries {
      guard let origin = layout.entry(entry.name), origin.shape == entry.shape else {
        return "the checkpoint has no parameter '\(entry.name)' of shape \(entry.shape)"
      }
      for index in 0..<entry.count {
        let (here, there) = (found[entry.offset + index], parameters[origin.offset + index])
        guard here.bitPattern != there.bitPattern else { continue }
        return "number \(index) of '\(entry.name)' is \(here) (bits \(hex(here.bitPattern))), and \(there) (bits "
          + "\(hex(there.bitPattern))) in the checkpoint"
      }
    }
    switch (deployed.normalizer, normalizer) {
    case (nil, nil): return nil
    case (let here?, let there?): return difference(here, there)
    case (nil, _): return "its observations are not scaled, and those of the checkpoint are"
    case (_, nil): return "its observations are scaled, and those of the checkpoint are not"
    }
  }

  private static func difference(_ here: ObservationNormalizer, _ there: ObservationNormalizer) -> String? {
    for (name, found, expected) in [
      ("mean", here.mean, there.mean), ("variance", here.variance, there.variance),
      ("bound and epsilon", [here.clip, here.epsilon], [there.clip, there.epsilon]),
    ] {
      guard found.count == expected.count else { return "the scaling's \(name) has \(found.count) numbers" }
      for (index, (one, other)) in zip(found, expected).enumerated() where one.bitPattern != other.bitPattern {
        return "number \(index) of the scaling's \(name) is \(one), and \(other) in the checkpoint"
      }
    }
    return nil
  }

  private static func hex(_ bits: UInt32) -> String {
    let digits = String(bits, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
