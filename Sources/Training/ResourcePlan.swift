// What a run will take of memory and disk, told before it starts, and refused where it cannot be had.

private import AgentInterface
private import Algorithms
private import Glibc
package import Inference
private import Storage

/// The memory and the disk that a run asks for at least; the environment's own, which is small, is not among them.
package struct ResourcePlan {
  /// What there is.
  package struct Limits: Sendable {
    /// Of the machine, of the groups that this process may not leave, or of its own address space.
    package var memoryBytes: Double
    /// Free where the run's folder will lie; nil where nobody can say.
    package var diskBytes: Double?

    package init(memoryBytes: Double, diskBytes: Double?) {
      self.memoryBytes = memoryBytes
      self.diskBytes = diskBytes
    }

    /// Those of this process. `folder`: the run's, or the one that it will lie in.
    package init(folder: String) {
      let pages = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
      let space = ProcessLimits.AddressSpace.own.leftBytes.map { Double($0) }
      memoryBytes = min(pages, ControlGroups().memoryBytes ?? .infinity, space ?? .infinity)
      var place = folder
      while access(place, F_OK) != 0, place != ".", place != "/" { place = FileSystem.split(place).folder }
      var status = statvfs()
      diskBytes = statvfs(place, &status) == 0 ? Double(status.f_bavail) * Double(status.f_frsize) : nil
    }
  }

  private let parts: [(name: String, bytes: Double)]
  private let checkpointBytes: Double
  private let checkpointCount: Int
  private let replay: ReplayPlacement?
  private let lanes: Int

  /// `rowsBefore`: rows of transitions that the run begins with.
  package init(_ configuration: RunConfiguration, _ spec: NetworkSpec, rowsBefore: Int = 0) {
    let learner = configuration.learner.memoryParts(spec: spec, laneCount: configuration.world.lanes)
    replay = ReplayPlacement(configuration, spec, rowsBefore: rowsBefore)
    lanes = configuration.world.lanes
    checkpointBytes = learner.parameters + (replay?.checkpointBytes ?? 0)
    // The newest, the best, and the one that is being written.
    checkpointCount = configuration.run.keepCheckpoints + 2
    parts =
      [("parameters and optimizer", learner.parameters), ("rollout", learner.rollout)]
      + (replay.map { [("replay", $0.memoryBytes)] } ?? [])
      // As plain data, as HDF5 makes it, and as it is written.
      + [("a checkpoint while it is saved", 3 * checkpointBytes)]
  }

  var memoryBytes: Double { parts.reduce(0) { $0 + $1.bytes } }
  private var fileBytes: Double { Double(replay?.shape?.fileBytes ?? 0) }
  private var diskBytes: Double { fileBytes + Double(checkpointCount) * checkpointBytes }

  /// The plan in sentences.
  package func lines(_ limits: Limits) -> [String] {
    let details = parts.map { "\($0.name) \(ResourcePlan.words($0.bytes))" }.joined(separator: ", ")
    var disk = "disk: at most \(ResourcePlan.words(diskBytes)): "
    if let shape = replay?.shape {
      disk +=
        "\(ReplayPlacement.fileName) \(ResourcePlan.words(fileBytes)) (\(ConsoleSink.grouped(shape.capacity * shape.laneCount)) "
      disk +=
        "transitions of \(shape.record.bytes) bytes, and spare rows so that every checkpoint that is kept can be resumed), "
    }
    disk += "\(checkpointCount) checkpoints of \(ResourcePlan.words(checkpointBytes)); logs come on top"
    if let free = limits.diskBytes { disk += "; \(ResourcePlan.words(free)) are free" }
    return [
      "memory: at least \(ResourcePlan.words(memoryBytes)) of \(ResourcePlan.words(limits.memoryBytes)): \(details)",
      disk,
    ]
  }

  /// Why the run cannot be had, with what could; nil where it fits.
  package func problem(_ limits: Limits) -> String? {
    if memoryBytes > limits.memoryBytes {
      let details = parts.map { "\($0.name) \(ResourcePlan.words($0.bytes))" }.joined(separator: ", ")
      return "the run needs at least \(ResourcePlan.words(memoryBytes)) of memory (\(details)), but there are "
        + "\(ResourcePlan.words(limits.memoryBytes)); \(memoryRemedy(limits.memoryBytes))"
    }
    if let free = limits.diskBytes, diskBytes > free {
      let replayed = replay?.shape.map { _ in "\(ReplayPlacement.fileName) \(ResourcePlan.words(fileBytes)), " } ?? ""
      return
        "the run needs up to \(ResourcePlan.words(diskBytes)) of disk (\(replayed)\(checkpointCount) checkpoints of "
        + "\(ResourcePlan.words(checkpointBytes))), but \(ResourcePlan.words(free)) are free where its folder lies; "
        + diskRemedy(free)
    }
    return nil
  }

  private func memoryRemedy(_ found: Double) -> String {
    guard let replay else { return "lower algorithm.horizon, environment.lanes or the sizes of the section network" }
    let others = memoryBytes - replay.memoryBytes - (replay.shape == nil ? 3 * replay.checkpointBytes : 0)
    // In memory it is there four times while a checkpoint is made of it; what lies in a file is not.
    let mebibytes = Int(((found - others) / 0x1p20 * (replay.shape == nil ? 0.25 : 1)).rounded(.down))
    guard mebibytes >= 1 else { return "lower environment.lanes or the sizes of the section network" }
    return "algorithm.replay_memory_mib of at most \(mebibytes) would fit"
  }

  private func diskRemedy(_ free: Double) -> String {
    let checkpoints = Double(checkpointCount) * checkpointBytes
    guard let replay, let shape = replay.shape, free > checkpoints else {
      return "make room, or lower run.keep_checkpoints"
    }
    let spare = Double(shape.fileBytes) - Double(shape.capacity * shape.rowBytes)
    let transitions = Int(((free - checkpoints - spare) / Double(shape.record.bytes)).rounded(.down)) / lanes * lanes
    guard transitions >= lanes else {
      return "make room, or lower run.checkpoint_interval or run.keep_checkpoints, which ask for spare rows"
    }
    return "make room, or algorithm.buffer_size of at most \(transitions) would fit"
  }

  static func words(_ bytes: Double) -> String {
    let units = [(0x1p40, "TiB"), (0x1p30, "GiB"), (0x1p20, "MiB"), (0x1p10, "KiB")]
    guard let unit = units.first(where: { bytes >= $0.0 }) else {
      return "\(Int(max(0, bytes))) bytes"
    }
    return "\(ConsoleSink.short(bytes / unit.0)) \(unit.1)"
  }
}
