// A large save beside the run that it saves: how long the run stands still, how long it takes to the disk, and what the disk itself takes.

import AgentInterface
import Glibc
import Kernels
import Storage
import Training

final class SaveSubject {
  /// What one save showed.
  struct Sample {
    /// The learner's own wait: its state is copied and handed over.
    var heldUpSeconds: Double
    /// Until the file is flushed and renamed.
    var seconds: Double
    /// To write as many bytes from memory to a file of their own, and to flush it.
    var plainSeconds: Double
  }

  private let folder: TemporaryFolder
  private let store: CheckpointStore
  /// What a learner holds: parameters and both moments of their optimizer.
  private let vectors: [FloatStorage]
  private var saved = 0

  /// Of the numbers that are saved.
  var bytes: Int { vectors.reduce(0) { $0 + 4 * $1.count } }

  init(parameters: Int) throws(BenchmarkError) {
    folder = try TemporaryFolder()
    do {
      store = try CheckpointStore(directory: folder.path, keepLast: 1)
    } catch {
      throw .failed(error.description)
    }
    var random = RandomStream(seed: 1, purpose: .initialization)
    vectors = (0..<3).map { _ in FloatStorage((0..<parameters).map { _ in random.nextFloat() - 0.5 }) }
  }

  func measure() throws(BenchmarkError) -> Sample {
    do {
      let writer = CheckpointWriter(store)
      let start = MonotonicClock.seconds
      let checkpoint = Checkpoint(
        attributes: ["run": "benchmark"],
        groups: [
          "network": StateRecord(floats: ["parameters": vectors[0].array]),
          "optimizer": StateRecord(
            floats: ["first_moment": vectors[1].array, "second_moment": vectors[2].array], integers: ["step": [1]]),
        ])
      try writer.save(checkpoint, asBest: false, step: saved)
      let handedOver = MonotonicClock.seconds
      try writer.finish()
      let finished = MonotonicClock.seconds
      saved += 1
      return Sample(
        heldUpSeconds: handedOver - start, seconds: finished - start, plainSeconds: try writePlainly())
    } catch let error as BenchmarkError {
      throw error
    } catch {
      throw .failed("\(error)")
    }
  }

  /// What `dd conv=fsync` does.
  private func writePlainly() throws -> Double {
    let path = folder.path + "/plain"
    let start = MonotonicClock.seconds
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw BenchmarkError.failed("cannot write \(path): \(String(cString: strerror(errno)))")
    }
    defer {
      close(descriptor)
      unlink(path)
    }
    for vector in vectors {
      try AtomicWrite.writeAll(
        UnsafeRawBufferPointer(start: vector.base, count: 4 * vector.count), to: descriptor, path: path)
    }
    guard fsync(descriptor) == 0 else {
      throw BenchmarkError.failed("cannot flush \(path): \(String(cString: strerror(errno)))")
    }
    return MonotonicClock.seconds - start
  }
}
