// What a policy is, as one digest: all that decides, and nothing of where it came from.

package import Inference
private import Text

extension DeployedPolicy {
  /// SHA-256 of everything that a greedy decision depends on, as 64 hexadecimal digits: two policies with one digest decide alike.
  ///
  /// The digest is fed the text `strikeforge policy 1` and a line feed; the rule and the fallback action as text; then for each member in order its network
  /// as canonical JSON, whether it needs masks, its weight (i64), the bits of its temperature (f64), the number and bits of its parameters (u64,
  /// f32), and, where it scales observations, the bits of means, variances, clip and epsilon (f64). All little-endian, texts by their length (u64) first.
  package var decisionDigest: String {
    var digest = SHA256()
    func feed(_ number: Int) { withUnsafeBytes(of: Int64(number).littleEndian) { digest.update($0) } }
    func feed(_ text: String) {
      feed(text.utf8.count)
      digest.update(Array(text.utf8))
    }
    func feed(_ values: [Double]) {
      feed(values.count)
      values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { digest.update($0) }
    }
    digest.update(Array("strikeforge policy 1\n".utf8))
    feed(rule?.rawValue ?? "")
    feed(fallback.map { "\($0)" } ?? "")
    feed(members.count)
    for member in members {
      let policy = member.policy
      feed(policy.spec.json.text)
      feed(policy.requiresMask ? 1 : 0)
      feed(member.weight)
      feed([member.temperature])
      let parameters = policy.parameters
      feed(parameters.count)
      parameters.map { $0.bitPattern.littleEndian }.withUnsafeBytes { digest.update($0) }
      feed(policy.normalizer == nil ? 0 : 1)
      if let scaling = policy.normalizer {
        feed(scaling.mean)
        feed(scaling.variance)
        feed([scaling.clip, scaling.epsilon])
      }
    }
    return SHA256.hexDigits(digest.finalize())
  }
}
