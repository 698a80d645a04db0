// The room that the matrix library takes for its products.

private import Glibc
private import Synchronization

/// How many buffers the library keeps from products that are over.
private let kept = Mutex(0)

extension MatrixProduct {
  /// What OpenBLAS maps for each thread that multiplies at the same time, whatever is multiplied (BUFFER_SIZE of its common_x86_64.h).
  package static let bufferBytes = 128 << 20

  /// How many buffers the library holds already, free for the next product: the one of a trial (`coreProblem`), where there was one.
  package static var buffersHeld: Int { kept.withLock { $0 } }

  /// Says that a product was made outside a run.
  static func keepBuffer() { kept.withLock { $0 = 1 } }

  /// How many of `count` buffers the system would give now. Where it gives none, the first product would ask for one for ever.
  package static func buffers(upTo count: Int) -> Int {
    var mapped: [UnsafeMutableRawPointer] = []
    defer { for address in mapped { munmap(address, bufferBytes) } }
    // One by one, as the library does: a system that lends more than it has looks at each request alone. Nothing is written to them.
    while mapped.count < count {
      guard let address = mmap(nil, bufferBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        address != MAP_FAILED
      else { break }
      mapped.append(address)
    }
    return mapped.count
  }
}
