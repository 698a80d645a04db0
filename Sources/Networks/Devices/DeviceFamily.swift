// A device as a value: everything that the rest of the house may ask about one before, and without, learning on it.

package import Inference
package import Kernels

/// The largest batch of a pass.
package struct PassRoom: Sendable {
  /// L n
  package let rows: Int
  /// n
  package let sequences: Int
  /// L
  package let length: Int

  package init(rows: Int, sequences: Int, length: Int) {
    self.rows = rows
    self.sequences = sequences
    self.length = length
  }

  /// For single steps of so many lanes.
  package init(lanes: Int) { self.init(rows: lanes, sequences: lanes, length: 1) }

  /// Room for both.
  package func joined(_ other: PassRoom) -> PassRoom {
    PassRoom(
      rows: max(rows, other.rows), sequences: max(sequences, other.sequences), length: max(length, other.length))
  }
}

/// What a learner's device is made for.
package struct DeviceRequest: Sendable {
  package let spec: NetworkSpec
  /// What the device takes over as it is made, and its image on the host from then on.
  package let parameters: ParameterStore
  /// Nil where no step is taken.
  package let optimizer: (any Optimizer)?
  /// How the processor computes; what it means elsewhere is the device's own.
  package let kernels: LearnerKernels
  /// What multiplies in the network's memory, where its products are not float32.
  package let bfloat16: BFloat16Unit?
  package let pool: WorkerPool
  package let room: PassRoom
  /// The most slices of a minibatch; 0 where no gradient is asked for.
  package let sliceLimit: Int

  package init(
    spec: NetworkSpec, parameters: ParameterStore, optimizer: (any Optimizer)? = nil,
    kernels: LearnerKernels = .automatic, bfloat16: BFloat16Unit? = nil, pool: WorkerPool = WorkerPool(workerCount: 1),
    room: PassRoom, sliceLimit: Int = 0
  ) {
    precondition(
      parameters.layout == ParameterLayout(spec), "parameters of another network than the one that is asked for")
    self.spec = spec
    self.parameters = parameters
    self.optimizer = optimizer
    self.kernels = kernels
    self.bfloat16 = bfloat16
    self.pool = pool
    self.room = room
    self.sliceLimit = sliceLimit
  }
}

/// One kind of device: its name, what it says of itself, and how a learner gets one. A registry is a list of these; nothing else knows a device by name.
package struct DeviceFamily: Sendable {
  /// What configurations and files call it.
  package let name: String
  /// One line for a list.
  package let summary: String
  private let namer: @Sendable (NetworkSpec, LearnerKernels, BFloat16Unit?) -> String
  private let describer: @Sendable (NetworkSpec, LearnerKernels, BFloat16Unit?) -> String
  private let allocator: @Sendable (_ byteCount: Int) -> DeviceMemory
  private let maker: @Sendable (DeviceRequest) -> any LearnerDevice

  /// `kernelName`, `products`, `allocate`, `make`: as the functions of those names.
  package init(
    _ name: String, _ summary: String,
    kernelName: @escaping @Sendable (NetworkSpec, LearnerKernels, BFloat16Unit?) -> String,
    products: @escaping @Sendable (NetworkSpec, LearnerKernels, BFloat16Unit?) -> String,
    allocate: @escaping @Sendable (_ byteCount: Int) -> DeviceMemory = { DeviceMemory(byteCount: $0) },
    make: @escaping @Sendable (DeviceRequest) -> any LearnerDevice
  ) {
    self.name = name
    self.summary = summary
    namer = kernelName
    describer = products
    allocator = allocate
    maker = make
  }

  /// In front of a name of kernels that are not the processor's.
  package static let deviceMark = "device "

  /// What decides over the last bits of a run, for its checkpoints: the device's name, but for the processor's, and what it says of itself.
  package func kernelName(for spec: NetworkSpec, _ kernels: LearnerKernels, _ bfloat16: BFloat16Unit?) -> String {
    let own = namer(spec, kernels, bfloat16)
    return self == .cpu ? own : "\(DeviceFamily.deviceMark)\(name): \(own)"
  }

  /// Who does the products of a policy, in words for a person.
  package func products(for spec: NetworkSpec, _ kernels: LearnerKernels, _ bfloat16: BFloat16Unit?) -> String {
    describer(spec, kernels, bfloat16)
  }

  /// Memory of the host for experience, in the form that the device reads fastest. Zeros; 64-byte aligned.
  package func allocate(byteCount: Int) -> DeviceMemory { allocator(byteCount) }

  /// A device that has taken the parameters over.
  package func make(_ request: DeviceRequest) -> any LearnerDevice { maker(request) }
}

extension DeviceFamily: Hashable, CustomStringConvertible {
  package static func == (one: DeviceFamily, other: DeviceFamily) -> Bool { one.name == other.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
  package var description: String { name }
}

/// Memory that the environment, the host and the device share: what experience lies in.
package final class DeviceMemory: @unchecked Sendable {
  package let base: UnsafeMutableRawPointer
  package let byteCount: Int
  private let release: @Sendable (UnsafeMutableRawPointer) -> Void

  /// Takes `base` over, and lets `release` free it in the end.
  package init(
    base: UnsafeMutableRawPointer, byteCount: Int, release: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) {
    self.base = base
    self.byteCount = byteCount
    self.release = release
  }

  /// Plain memory of the host.
  package convenience init(byteCount: Int) {
    let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    self.init(base: base, byteCount: byteCount) { $0.deallocate() }
  }

  deinit { release(base) }
}
