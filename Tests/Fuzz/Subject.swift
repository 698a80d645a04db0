// What is fuzzed: a reader, whole documents for it, and what must hold whatever it is given.

import Kernels

/// What a reader made of an input.
enum Verdict: String {
  case read, refused
}

/// Something that must not be, short of a crash: a refusal that is no sentence, a value that does not come back.
struct Finding: Error {
  let reason: String
}

/// What inputs are made from.
struct Pool {
  /// Whole documents first, then the corpus.
  let documents: [[UInt8]]
  let seedCount: Int

  /// The place of a document: every other time a whole one, since most of a corpus is refused at once.
  func pick(_ mutator: inout Mutator) -> Int {
    mutator.chance(1, in: 2) ? mutator.below(seedCount) : mutator.below(documents.count)
  }

  func document(_ mutator: inout Mutator) -> [UInt8] { documents[pick(&mutator)] }
}

/// One reader of outside bytes.
protocol Subject: AnyObject {
  /// The name on the command line, and of the folder of its corpus.
  static var name: String { get }
  init() throws
  /// Documents that are whole, to begin from. The corpus is added to them.
  func seeds() throws -> [[UInt8]]
  /// An input made from the pool of seeds and corpus.
  func input(_ random: RandomStream, pool: Pool) throws -> [UInt8]
  /// Reads an input to its end and looks at what came of it.
  func read(_ bytes: [UInt8]) throws -> Verdict
}

extension Subject {
  /// A reader's refusal must be one sentence that a terminal can show. `names`: what it must contain.
  func refusal(_ description: String, names: String = "") throws(Finding) -> Verdict {
    guard description.utf8.count <= 2000 else {
      throw Finding(reason: "a refusal of \(description.utf8.count) bytes: \(description.prefix(200))")
    }
    for scalar in description.unicodeScalars where scalar.value < 32 || (0x7F...0x9F).contains(scalar.value) {
      throw Finding(reason: "a refusal holds the control character \(scalar.value): \(description.debugDescription)")
    }
    guard description.contains(names) else {
      throw Finding(reason: "a refusal that does not name '\(names)': \(description)")
    }
    return .refused
  }

  func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(Finding) {
    if !condition { throw Finding(reason: reason()) }
  }
}

enum Subjects {
  /// What takes longest first, so that no processor waits for it at the end.
  static var all: [any Subject.Type] {
    [
      RunSubject.self, SpoolSubject.self, StoreSubject.self, ReplaySubject.self, IncidentSubject.self,
      CheckpointSubject.self,
      MetadataSubject.self, BundleSubject.self, SafetensorsSubject.self, BarsSubject.self, CSVSubject.self,
      ChainSubject.self,
      StampsSubject.self, NumbersSubject.self, ZipSubject.self, GzipSubject.self, JSONSubject.self, YAMLSubject.self,
      PriceSubject.self, SurfaceSubject.self, FittedSurfaceSubject.self, IndexSubject.self,
      DeskSubject.self,
    ]
  }

  /// By name; the control, which is broken on purpose, only where it is asked for.
  static func named(_ name: String) -> (any Subject.Type)? {
    (all + [ControlSubject.self]).first { $0.name == name }
  }
}
