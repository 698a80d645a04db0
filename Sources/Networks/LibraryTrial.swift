// Whether the kernels that the environment asks the matrix library for can be had, and run here.

import Glibc
import Kernels

extension MatrixProduct {
  /// The environment variable by which OpenBLAS is told which of its kernels to take.
  package static let coreVariable = "OPENBLAS_CORETYPE"

  /// What `coreVariable` asks for; nil where it is unset or empty.
  package static var askedCore: String? {
    getenv(coreVariable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What is wrong with `coreVariable`, as a sentence; nil where it is unset, or names kernels that run on this processor. Shown as it is: whoever
  /// prints it escapes what the variable holds.
  ///
  /// The library takes what it is told as it is loaded, without a look at the processor, and dies of it in the first product: so the first one is made in a
  /// child process, some milliseconds, and only where the variable is set. A name that it does not know it passes over in silence, often for kernels of
  /// another age.
  package static var coreProblem: String? {
    guard let asked = askedCore else { return nil }
    let library = libraryInformation
    // A library that was built for one processor pays no attention to the variable.
    guard library.configuration.contains("DYNAMIC_ARCH") else { return nil }
    guard library.core.lowercased() == asked.lowercased() else {
      return
        "the environment variable \(coreVariable) is \(asked), but OpenBLAS has no kernels of that name for this processor and "
        + "took those for \(library.core); unset it, or set it to a name that the library knows, as \(library.core)"
    }
    let signal = Trial.signal(of: { MatrixProduct.tryProducts() }, milliseconds: trialMilliseconds)
    guard signal > 0 else {
      keepBuffer()
      return nil
    }
    let reason =
      signal == SIGILL
      ? "need \(instructions(ofCore: library.core)), which this processor does not have"
      : "do not work on this processor (signal \(signal) in a product)"
    return
      "the environment variable \(coreVariable) is \(asked), but OpenBLAS's kernels of that name \(reason); unset it, and the "
      + "library chooses by itself"
  }

  /// Whether this processor surely runs the library's kernels of that name, for advice: trying it would take a process in which it is set.
  package static func runs(core: String) -> Bool {
    switch core.lowercased() {
    case "prescott": true
    case "haswell", "zen": InstructionSet.processor >= .v3
    case "skylakex": InstructionSet.processor == .v4
    case "cooperlake": InstructionSet.processor == .v4 && BFloat16Unit.avx512.isSupported
    default: core == libraryInformation.core
    }
  }

  private static let trialMilliseconds: Int32 = 20_000

  /// For a sentence. Only those that a person is likely to meet are named.
  private static func instructions(ofCore core: String) -> String {
    switch core.lowercased() {
    case "skylakex", "cooperlake", "sapphirerapids": "AVX-512"
    case "haswell", "zen", "excavator": "AVX2"
    case "sandybridge": "AVX"
    default: "instructions"
    }
  }

  /// Products of the kinds and shapes that training asks for, and a factorisation: whole tiles, their rests, single rows and columns.
  private static func tryProducts() {
    prepare()
    let size = 70
    let numbers = (0..<3).map { _ in FloatStorage([Float](repeating: 0.5, count: size * size)) }
    func view(_ index: Int, _ rows: Int, _ columns: Int) -> MatrixView {
      MatrixView(base: numbers[index].base, rows: rows, columns: columns)
    }
    for (m, n, k) in [(size, size, size), (33, 17, 5), (1, size, size), (size, 1, size), (6, 9, 64), (3, 3, 3)] {
      multiply(view(0, m, k), view(1, k, n), into: view(2, m, n))
      multiply(view(0, m, k), view(1, k, n), into: view(2, m, n), adding: true)
      addTransposedProduct(view(0, k, m), view(1, k, n), to: view(2, m, n))
    }
    var random = RandomStream(seed: 0, purpose: .initialization)
    for (rows, columns) in [(size, 40), (9, size)] {
      _ = Initialization.orthogonal(rows: rows, columns: columns, gain: 1, random: &random)
    }
  }
}
