// What `run.kernels=auto` is: one table, by the processor's class and the policy's shape, with the measurement behind each row.

package import Inference
package import Kernels

/// The table. Kernels decide over a run's last bits, so nothing is measured as a run starts: on processors of one class `auto` is the same at every load,
/// and a run that goes on keeps what it began with. A row changes only with a measurement, which stands in it.
package enum KernelTable {
  /// What kernels tell policies apart by.
  package enum Shape: String, Sendable, CaseIterable {
    /// No memory: towers and heads.
    case towers
    /// An LSTM whose units are a multiple of 16: fused kernels have panels for it.
    case panels
    /// An LSTM of other units: its products go through CBLAS in either case, and what is fused is what lies on top of it.
    case otherMemory = "other memory"

    package init(_ spec: NetworkSpec) {
      self = spec.hiddenCount == 0 ? .towers : LSTMPanels.supports(hidden: spec.hiddenCount) ? .panels : .otherMemory
    }
  }

  package struct Row: Sendable {
    package let level: InstructionSet
    package let shape: Shape
    /// `blas` or `fused`.
    package let kernels: LearnerKernels
    /// Steps a second of processor time with own kernels over those through CBLAS, and where that was found; in words where nothing was measured.
    package let measured: String
  }

  /// v4: products in the caches of an AMD EPYC of that class, OpenBLAS 0.3.21 (`benchmarks/baselines`, revision f8dba99): ours with activations against
  /// the library's bare ones. v3: steps a second of processor time of `benchmark train` on `benchmarks/configurations`, own kernels over the library's, in
  /// turn, three rounds, on an AMD EPYC of class v4 held down by `STRIKEFORGE_INSTRUCTION_SET` and OpenBLAS's Haswell, since tiles leave room for what they
  /// are made of. baseline and v3's other memory: the same on an EPYC of class v3, revision b3d7718, baseline with OpenBLAS's Prescott.
  package static let rows: [Row] = [
    Row(
      level: .v4, shape: .towers, kernels: .fused,
      measured: "26 x 64: 159 GFLOP/s with tanh, the library 236 without; 64 x 64: 202 with it, 197 without"),
    Row(
      level: .v4, shape: .panels, kernels: .fused,
      measured: "LSTM 32, 64, 128: 180, 201, 217 GFLOP/s with activations, the library 242, 228, 153 without"),
    Row(
      level: .v4, shape: .otherMemory, kernels: .fused,
      measured: "not measured by itself: the memory goes through CBLAS, what lies on top of it as towers"),
    Row(
      level: .v3, shape: .towers, kernels: .fused,
      measured: "MLP 64 x 64 with PPO 1.46 (1.30 to 1.75), with A2C 1.35 (1.32 to 1.38), with DQN 1.11 (1.11 to 1.19)"),
    Row(
      level: .v3, shape: .panels, kernels: .fused,
      measured:
        "LSTM 32, 64, 128, 64 with towers: 1.14 (1.13 to 1.21), 1.14 (0.96 to 1.48), 1.16 (1.14 to 1.31), 1.26 (1.05 to 1.35)"
    ),
    Row(level: .v3, shape: .otherMemory, kernels: .blas, measured: "LSTM 40 0.97 and 1.00"),
    Row(
      level: .baseline, shape: .towers, kernels: .blas,
      measured:
        "1.26 with PPO, 1.47 with DQN over Prescott's; over Sandybridge's, which most processors of the class have, unknown"
    ),
    Row(
      level: .baseline, shape: .panels, kernels: .blas,
      measured: "LSTM 32, 64, 128 1.22, 1.16, 1.17 over Prescott's; over Sandybridge's unknown"),
    Row(
      level: .baseline, shape: .otherMemory, kernels: .blas,
      measured: "LSTM 40 0.98 over Prescott's"),
  ]

  /// What `auto` is for a policy on a processor of that class; `blas` where no row says more.
  package static func choice(for spec: NetworkSpec, level: InstructionSet = .processor) -> LearnerKernels {
    let shape = Shape(spec)
    return rows.first { $0.level == level && $0.shape == shape }?.kernels ?? .blas
  }
}
