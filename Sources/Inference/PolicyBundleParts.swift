// The pieces that a bundle is read with: digests, typed tensors, bounded files.

import AgentInterface
import Glibc
import Text

/// The digest that a header carries of itself.
enum BundleDigest {
  static let zeros = String(repeating: "0", count: 64)

  /// Where the header's own digits stand. The pattern cannot occur inside a JSON string, where its quotation marks are escaped.
  private static func place(in bytes: [UInt8], headerEnd: Int, digits: String) -> Range<Int>? {
    let key = Array("\"\(BundleMetadata.headerDigestKey)\":\"".utf8)
    let pattern = key + Array(digits.utf8)
    guard digits.utf8.count == 64, headerEnd <= bytes.count, headerEnd >= pattern.count else { return nil }
    for start in 0...(headerEnd - pattern.count) where bytes[start] == pattern[0] {
      if bytes[start..<(start + pattern.count)].elementsEqual(pattern) {
        return (start + key.count)..<(start + pattern.count)
      }
    }
    return nil
  }

  /// Puts the header's digest where its zeros stand. Traps where there are none: the caller wrote them.
  static func seal(_ bytes: [UInt8]) -> [UInt8] {
    guard let headerEnd = try? Safetensors.headerEnd(bytes),
      let place = place(in: bytes, headerEnd: headerEnd, digits: zeros)
    else { preconditionFailure("the header has no place for its digest") }
    var sealed = bytes
    sealed.replaceSubrange(place, with: Array(SHA256.hex(Array(bytes[..<headerEnd])).utf8))
    return sealed
  }

  /// Whether everything before the data block is as it was sealed.
  static func holds(_ bytes: [UInt8], headerEnd: Int, _ digest: String?) -> Bool {
    guard let digest, let place = place(in: bytes, headerEnd: headerEnd, digits: digest) else { return false }
    var header = Array(bytes[..<headerEnd])
    header.replaceSubrange(place, with: Array(zeros.utf8))
    return SHA256.hex(header) == digest
  }
}

/// Takes tensors out of a container by name, type and shape, and remembers which were taken.
struct BundleTensors {
  private let container: Safetensors
  private let path: String
  private var taken: Set<String> = []

  init(container: Safetensors, path: String) {
    self.container = container
    self.path = path
  }

  private mutating func tensor(_ name: String, shape: [Int]?) throws(PolicyBundleError) -> Safetensors.Tensor {
    taken.insert(name)
    guard let tensor = container.tensor(name) else { throw refusal(name, "it is missing") }
    if let shape, tensor.shape != shape {
      throw refusal(name, "its shape is \(tensor.shape), the network needs \(shape)")
    }
    return tensor
  }

  private func refusal(_ name: String, _ reason: String) -> PolicyBundleError {
    .inconsistent(path: path, place: "tensor '\(name)'", reason: reason)
  }

  mutating func floats(_ name: String, shape: [Int]?) throws(PolicyBundleError) -> [Float] {
    guard let values = try tensor(name, shape: shape).floats else { throw refusal(name, "it must be of dtype F32") }
    guard values.allSatisfy(\.isFinite) else { throw refusal(name, "it holds a number that is not finite") }
    return values
  }

  private mutating func doubles(_ name: String, shape: [Int]) throws(PolicyBundleError) -> [Double] {
    guard let values = try tensor(name, shape: shape).doubles else { throw refusal(name, "it must be of dtype F64") }
    guard values.allSatisfy(\.isFinite) else { throw refusal(name, "it holds a number that is not finite") }
    return values
  }

  private mutating func flags(_ name: String, shape: [Int]) throws(PolicyBundleError) -> [Bool] {
    guard let values = try tensor(name, shape: shape).unsignedBytes else {
      throw refusal(name, "it must be of dtype U8")
    }
    guard values.allSatisfy({ $0 <= 1 }) else { throw refusal(name, "it holds something else than 0 and 1") }
    return values.map { $0 == 1 }
  }

  /// The bytes of one tensor; `what` names it in errors.
  mutating func bytes(_ name: String, what: String) throws(PolicyBundleError) -> [UInt8] {
    taken.insert(name)
    guard let tensor = container.tensor(name) else {
      throw .inconsistent(path: path, place: what, reason: "it is missing")
    }
    guard tensor.shape.count == 1, let bytes = tensor.unsignedBytes else {
      throw .inconsistent(path: path, place: what, reason: "it must be a row of dtype U8")
    }
    return bytes
  }

  mutating func normalizer(columns: Int, scaling: (clip: Double, epsilon: Double)) throws(PolicyBundleError)
    -> ObservationNormalizer
  {
    let mean = try doubles("normalizer.observation.mean", shape: [columns])
    let variance = try doubles("normalizer.observation.variance", shape: [columns])
    guard variance.allSatisfy({ $0 >= 0 }) else {
      throw refusal("normalizer.observation.variance", "it holds a negative number")
    }
    let count = try doubles("normalizer.observation.count", shape: [])
    return ObservationNormalizer(
      mean: mean, variance: variance, count: count[0], clip: scaling.clip, epsilon: scaling.epsilon)
  }

  mutating func ranges(columns: Int) throws(PolicyBundleError) -> TrainingRanges {
    let minimum = try floats("training.minimum", shape: [columns])
    let maximum = try floats("training.maximum", shape: [columns])
    let mean = try doubles("training.mean", shape: [columns])
    let variance = try doubles("training.variance", shape: [columns])
    let count = try doubles("training.count", shape: [columns])
    if let defect = TrainingRanges.defect(
      minimum: minimum, maximum: maximum, mean: mean, variance: variance, count: count)
    {
      throw .inconsistent(path: path, place: "what training saw", reason: defect)
    }
    return TrainingRanges(minimum: minimum, maximum: maximum, mean: mean, variance: variance, count: count)
  }

  mutating func golden(for policy: DeployedPolicy) throws(PolicyBundleError) -> GoldenVectors {
    let (inputs, actions) = (policy.inputs, policy.actions)
    let observations = try tensor("golden.observations", shape: nil)
    guard observations.shape.count == 2, observations.shape[1] == inputs else {
      throw refusal("golden.observations", "its shape \(observations.shape) has not \(inputs) columns")
    }
    let rows = observations.shape[0]
    let flags = try flags("golden.masks", shape: [rows, actions])
    return GoldenVectors(
      observations: try floats("golden.observations", shape: [rows, inputs]),
      masks: (0..<rows).map { ActionMask(flags[($0 * actions)..<(($0 + 1) * actions)]) },
      episodeStarts: try self.flags("golden.episodeStarts", shape: [rows]),
      logits: try floats("golden.logits", shape: [rows, actions]),
      values: policy.hasValueHead ? try floats("golden.values", shape: [rows]) : nil)
  }

  func requireNothingElse() throws(PolicyBundleError) {
    for tensor in container.tensors where !taken.contains(tensor.name) {
      throw refusal(tensor.name, "this network has no such tensor")
    }
  }
}

/// Whole files into memory, never more than they and a limit hold.
enum BoundedFile {
  struct ReadError: Error, CustomStringConvertible {
    let description: String
    /// Whether it can be read, but is not what was wanted.
    var isOfAnotherKind = false
  }

  /// The bytes of the regular file at `path`. Its size is taken first and must be what is then read; where it or the first bytes, at most
  /// `beginningBytes`, are refused, nothing more is.
  static func read(
    path: String, maximumBytes: Int, beginningBytes: Int, refusing: ([UInt8]) -> ReadError?
  ) throws(ReadError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw systemError() }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw systemError() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw ReadError(description: "it is not a regular file") }
    guard status.st_size <= maximumBytes else {
      throw ReadError(description: "its \(status.st_size) bytes are beyond the limit of \(maximumBytes)")
    }
    let size = Int(status.st_size)
    var beginning = [UInt8](repeating: 0, count: min(size, beginningBytes))
    let found = pread(descriptor, &beginning, beginning.count, 0)
    if found == beginning.count, let refusal = refusing(beginning) { throw refusal }
    var failure: ReadError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size, let base = buffer.baseAddress {
        let taken = Glibc.read(descriptor, base + count, size - count)
        if taken > 0 {
          count += taken
        } else if taken == 0 {
          failure = ReadError(description: "it became shorter while it was read")
          return
        } else if errno != EINTR {
          failure = systemError()
          return
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }

  private static func systemError() -> ReadError {
    let code = errno
    return ReadError(description: strerror(code).map { String(cString: $0) } ?? "error \(code)")
  }
}
