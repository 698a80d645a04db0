// A checkpoint from memory to disk, how long training stands still while it saves, and back.

import AgentInterface
import Kernels
import Storage
import Training

final class CheckpointSubject {
  private let folder: TemporaryFolder
  private let store: CheckpointStore
  private let checkpoint: Checkpoint
  private var saved = 0

  /// A checkpoint of `parameters` numbers with both moments of their optimizer, in a folder below the working directory: that is where
  /// runs lie, while a folder for temporary files may be no disk at all.
  init(parameters: Int) throws(BenchmarkError) {
    folder = try TemporaryFolder()
    do {
      store = try CheckpointStore(directory: folder.path, keepLast: 2)
    } catch {
      throw .failed(error.description)
    }
    var random = RandomStream(seed: 1, purpose: .initialization)
    func numbers() -> [Float] { (0..<parameters).map { _ in random.nextFloat() - 0.5 } }
    checkpoint = Checkpoint(
      attributes: ["run": "benchmark"],
      groups: [
        "network": StateRecord(floats: ["parameters": numbers()]),
        "optimizer": StateRecord(
          floats: ["first_moment": numbers(), "second_moment": numbers()], integers: ["step": [1]]),
      ])
  }

  /// Seconds to encode, seal, write, flush and rename it, and to flush its folder.
  func measure() throws(BenchmarkError) -> Double {
    let start = MonotonicClock.seconds
    do {
      try store.save(checkpoint, step: saved)
    } catch {
      throw .failed(error.description)
    }
    saved += 1
    return MonotonicClock.seconds - start
  }

  /// Seconds to read the last one and to check its seal.
  func measureLoad() throws(BenchmarkError) -> Double {
    let start = MonotonicClock.seconds
    do {
      _ = try store.load(store.path(step: saved - 1))
    } catch {
      throw .failed(error.description)
    }
    return MonotonicClock.seconds - start
  }
}
