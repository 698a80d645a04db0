// What can go wrong with files, as one error that names file, place and remedy.

import Glibc
import Text

/// Why a file could not be read, written or believed.
package enum StorageError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The operating system refused; `code` is its errno.
  case system(path: String, operation: FileOperation, code: Int32)
  /// A folder, pipe or device where a file is needed.
  case notARegularFile(path: String)
  /// Something of another kind, told by its first bytes.
  case notRecognised(path: String, expected: String, found: String)
  /// Fewer or more bytes than the file itself announces.
  case wrongSize(path: String, expectedBytes: Int, foundBytes: Int)
  /// Somebody writes it while it is read.
  case changed(path: String)
  /// What is no text, and the name of what it is.
  case content(path: String, found: FileContent, place: FileContent.Place)
  /// A zip archive that is not read.
  case archive(path: String, problem: ArchiveProblem)
  /// More than this machine can read at once.
  case tooLarge(path: String, bytes: Int, limitBytes: Int)
  /// The bytes are not those that were written.
  case damaged(path: String, place: String, reason: String)
  /// A version or layout that this program does not read.
  case unsupportedVersion(path: String, subject: String, found: String, supported: String)
  /// A compressed file that cannot be unpacked; `offset` counts unpacked bytes.
  case compressed(path: String, offset: Int, problem: CompressionProblem)
  /// A table of bars that cannot be read. Lines count from 1; line 0 is the file as a whole.
  case table(path: String, line: Int, column: String, problem: TableProblem)
  /// A table of bars with several rows that cannot be read: all that is wrong with them.
  case rows(path: String, faults: [RowFault])
  /// Symbols that were asked for in a way that the file cannot answer.
  case symbols(path: String, problem: SymbolProblem)
  /// The market store holds no passing quality record for its data.
  case gateRefused(path: String, refusal: GateRefusal)
  /// A replay file that is whole, but not the one that is needed.
  case replay(path: String, ReplayProblem)
  /// A place that the user named, where nothing is written.
  case output(path: String, OutputProblem)
  /// The HDF5 library reported a failure.
  case library(path: String, operation: String, reason: String)

  /// What was being done when the operating system refused.
  package enum FileOperation: String, Sendable {
    case open, inspect, read, create, write, flush, close, rename, list, remove
  }

  /// One sentence that a terminal can show, whatever the file holds.
  package var description: String { PrintableText.sentence(sentence) }

  private var sentence: String {
    switch self {
    case .system(let path, let operation, let code):
      "cannot \(operation.rawValue) '\(path)': \(StorageError.text(ofSystemError: code)); "
        + StorageError.remedy(forSystemError: code, operation)
    case .notARegularFile(let path):
      "'\(path)' is a folder, pipe or device; name a regular file"
    case .notRecognised(let path, let expected, let found):
      "'\(path)' is not \(expected): it begins with \(found); check which file was meant"
    case .wrongSize(let path, let expected, let found):
      "'\(path)' holds \(found) bytes where \(expected) are announced: it was "
        + (found < expected ? "truncated" : "extended") + "; " + StorageError.restoreRemedy
    case .changed(let path):
      "'\(path)' changed while it was read; wait until whoever writes it has finished, and import it again"
    case .content(let path, let found, let place): "'\(path)' \(place.verb) \(found.words); \(found.remedy(place))"
    case .archive(let path, let problem): "'\(path)' \(problem); \(problem.remedy)"
    case .tooLarge(let path, let bytes, let limit):
      "'\(path)' holds \(bytes) bytes, more than the \(limit) that are read at once; check which file was meant"
    case .damaged(let path, let place, let reason):
      "'\(path)' is damaged at \(place): \(reason); " + StorageError.restoreRemedy
    case .unsupportedVersion(let path, let subject, let found, let supported):
      "'\(path)' has \(subject) \(found), this program reads \(supported); "
        + "make the file again or use the program version that wrote it"
    case .compressed(let path, let offset, let problem):
      "'\(path)' cannot be unpacked: \(problem) after \(offset) unpacked bytes; \(problem.remedy)"
    case .table(let path, let line, let column, let problem):
      "'\(path)'" + (line > 0 ? ", line \(line)" : "") + (column.isEmpty ? "" : ", column '\(column)'")
        + ": \(problem); \(problem.remedy)"
    case .rows(let path, let faults): StorageError.sentence(path, faults)
    case .symbols(let path, let problem): "'\(path)': \(problem)"
    case .gateRefused(let path, let refusal): "'\(path)' may not be used for training: \(refusal)"
    case .replay(let path, let problem): "'\(path)' \(problem)"
    case .output(let path, let problem): "'\(path)' \(problem == .input(path) ? .input("") : problem)"
    case .library(let path, let operation, let reason): "'\(path)': HDF5 could not \(operation): \(reason)"
    }
  }

  /// The first few kinds of faults, and what to do about the first.
  private static func sentence(_ path: String, _ faults: [RowFault]) -> String {
    let shown = faults.prefix(3).map(\.description).joined(separator: "; ")
    let more = faults.count > 3 ? "; and \(faults.count - 3) more kinds of trouble" : ""
    return "'\(path)' holds rows that cannot be read: \(shown)\(more); \(faults.first?.problem.remedy ?? "")"
  }

  private static let restoreRemedy = "restore it from a copy, or delete it and make it again"

  /// The operating system's own sentence, for example "No space left on device".
  static func text(ofSystemError code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard strerror_r(code, buffer.baseAddress!, buffer.count) == 0 else { return "system error \(code)" }
      return String(cString: buffer.baseAddress!)
    }
  }

  private static func remedy(forSystemError code: Int32, _ operation: FileOperation) -> String {
    switch code {
    case ENOENT, ENOTDIR: "check that the path is right and that its folder still exists"
    case EACCES, EPERM, EROFS:
      "choose a place that may be \(operation.needsWriting ? "written" : "read"), or change its permissions"
    case ENOSPC, EDQUOT: "free some space and try again; earlier files are unchanged"
    case EFBIG: "raise the limit of file sizes (ulimit -f) and try again; earlier files are unchanged"
    case EMFILE, ENFILE: "close other programs or raise the limit of open files"
    case EEXIST: "remove it, or name another file"
    case EISDIR: "name a file, not a folder"
    case ENAMETOOLONG: "choose a shorter name"
    case ELOOP: "name the file that was meant: the links lead to each other"
    case EIO: "check the disk; earlier files are unchanged"
    default: "remove the cause and try again"
    }
  }
}

extension StorageError.FileOperation {
  fileprivate var needsWriting: Bool {
    switch self {
    case .create, .write, .flush, .close, .rename, .remove: true
    case .open, .inspect, .read, .list: false
    }
  }
}

/// Why a compressed file cannot be unpacked.
package enum CompressionProblem: Equatable, Sendable, CustomStringConvertible {
  case truncated
  case damaged(String)
  case trailingBytes(count: Int)
  case tooLarge(limitBytes: Int)
  case tooDense(ratio: Int)
  case outOfMemory

  package var description: String {
    switch self {
    case .truncated: "the compressed stream ends early"
    case .damaged(let reason): "the compressed stream is damaged (\(reason))"
    case .trailingBytes(let count): "\(count) bytes that are not gzip follow the gzip stream"
    case .tooLarge(let limit): "it grows beyond the limit of \(limit) bytes"
    case .tooDense(let ratio): "it grows beyond the limit of \(ratio) times its size"
    case .outOfMemory: "there is not enough memory"
    }
  }

  var remedy: String {
    switch self {
    case .truncated, .damaged, .trailingBytes: "fetch or copy the file again"
    case .tooLarge, .tooDense: "check which file was meant, or split it"
    case .outOfMemory: "close other programs or split the file"
    }
  }
}

/// Why data may not be trained on. Each sentence says what to do.
package enum GateRefusal: Equatable, Sendable, CustomStringConvertible {
  case noRecord
  case failed(checks: [String])
  case otherGateVersion(found: Int, current: Int)
  case otherData(recordedHash: String, dataHash: String)

  package var description: String {
    switch self {
    case .noRecord: "it holds no record of the quality gate; import the data again"
    case .failed(let checks):
      "the quality gate found defects (\(checks.joined(separator: ", "))); "
        + "correct the data, or allow a finding by name with a reason, and import again"
    case .otherGateVersion(let found, let current):
      "its quality record was made by gate version \(found), the current one is \(current); import the data again"
    case .otherData(let recorded, let data):
      "its quality record was made for data \(recorded.prefix(12)), but it holds data \(data.prefix(12)); "
        + "import the data again"
    }
  }
}

/// Why a replay file cannot be used, behind its name. Each sentence says what to do.
package enum ReplayProblem: Equatable, Sendable, CustomStringConvertible {
  /// `rows` are needed, but the ring has gone around since.
  case overwritten(rows: Range<Int>, appended: Int)
  /// It is not of the shape, or from the environment, that is needed.
  case different(what: String, found: String, needed: String, remedy: String)
  /// No run has saved anything in it.
  case noLedger
  /// It holds nothing to begin with.
  case empty

  package var description: String {
    switch self {
    case .overwritten(let rows, let appended):
      "no longer holds the rows \(rows.lowerBound) to \(rows.upperBound - 1): the run has written \(appended) and its ring has gone "
        + "around since; continue from a newer checkpoint"
    case .different(let what, let found, let needed, let remedy):
      "was written with \(what) \(found), but \(needed) is needed; \(remedy)"
    case .noLedger:
      "does not say which rows it holds: its run ended before it saved; train it up to its first checkpoint"
    case .empty: "holds no transitions; train its run up to a checkpoint after its first step"
    }
  }
}
