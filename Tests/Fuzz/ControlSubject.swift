// A reader that is broken on purpose, in every way that the fuzzer must notice.

import Glibc
import Kernels

/// The positive control: a fuzzer that finds nothing here finds nothing anywhere.
final class ControlSubject: Subject {
  static let name = "control"

  /// The ways in which it breaks, by the byte that does it.
  enum Defect: UInt8, CaseIterable {
    case trap = 1
    case hang, growth, finding, heap
  }

  init() {}

  func seeds() -> [[UInt8]] { [[UInt8](repeating: 0, count: 8)] }

  /// Every eighth input breaks it in the same way.
  func input(_ random: RandomStream, pool: Pool) -> [UInt8] { [UInt8(random.lane % 8)] + pool.documents[0] }

  func read(_ bytes: [UInt8]) throws -> Verdict {
    switch bytes.first.flatMap(Defect.init(rawValue:)) {
    case .trap:
      let none = bytes.filter { $0 > 200 }
      return none[bytes.count] == 0 ? .read : .refused
    case .hang: while true { _ = getpid() }
    case .growth:
      var blocks: [[UInt8]] = []
      for size in 1...64 { blocks.append([UInt8](repeating: UInt8(size), count: 16 << 20)) }
      return blocks.count == 64 ? .read : .refused
    case .finding: return try refusal("two\nlines")
    case .heap:
      // One byte behind its block: only the sanitizer sees it.
      let block = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
      defer { block.deallocate() }
      block[bytes.count] = 1
      return block[bytes.count] == 1 ? .read : .refused
    case nil: return .read
    }
  }
}
