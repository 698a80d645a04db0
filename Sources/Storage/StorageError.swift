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
    case .symbols(let path, let problem): "'\(path)': \(problem)"
    case .gateRefused(let path, let refusal): "'\(path)' may not be used for training: \(refusal)"
    case .replay(let path, let problem): "'\(path)' \(problem)"
    case .output(let path, let problem): "'\(path)' \(problem == .input(path) ? .input("") : problem)"
    case .library(let path, let operation, let reason): "'\(path)': HDF5 could not \(operation): \(reason)"
    }
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
  case outOfMemory

  package var description: String {
    switch self {
    case .truncated: "the gzip stream ends early"
    case .damaged(let reason): "the gzip stream is damaged (\(reason))"
    case .trailingBytes(let count): "\(count) bytes that are not gzip follow the gzip stream"
    case .tooLarge(let limit): "it grows beyond the limit of \(limit) bytes"
    case .outOfMemory: "there is not enough memory"
    }
  }

  var remedy: String {
    switch self {
    case .truncated, .damaged, .trailingBytes: "fetch or copy the file again"
    case .tooLarge: "check which file was meant, or split it"
    case .outOfMemory: "close other programs or split the file"
    }
  }
}

/// Why a table of bars cannot be read.
package enum TableProblem: Equatable, Sendable, CustomStringConvertible {
  case empty
  case noRows
  case header(missing: [String], unexpected: [String])
  case repeatedColumn
  case noVolume
  case tooManyColumns(found: Int, limit: Int)
  case fieldCount(expected: Int, found: Int)
  case emptyLine
  case lineTooLong(limitBytes: Int)
  case tooManyRows(limit: Int)
  case unterminatedQuote
  case textAfterQuote
  case notADate(String)
  case intraday(String)
  case notANumber(String)
  case notFinite(String)
  case outOfRange(String)
  case noAdjustmentFactor(adjustedClose: String, close: String)
  case symbolName(String)
  case tooManySymbols(limit: Int)

  package var description: String {
    switch self {
    case .empty: "the file is empty"
    case .noRows: "there is a header but no row"
    case .header(let missing, let unexpected):
      "the header names no known layout: "
        + [
          missing.isEmpty ? nil : "missing " + missing.joined(separator: ", "),
          unexpected.isEmpty
            ? nil : "unexpected " + unexpected.map { $0.isEmpty ? "(an empty name)" : $0 }.joined(separator: ", "),
        ].compactMap { $0 }.joined(separator: "; ")
    case .repeatedColumn: "the column stands twice in the header"
    case .noVolume: "there is no volume, which every share has"
    case .tooManyColumns(let found, let limit): "the header names \(found) columns, more than \(limit)"
    case .fieldCount(let expected, let found):
      "\(found) field\(found == 1 ? "" : "s") where the header names \(expected)"
        + (found < expected ? " (the row is cut short)" : "")
    case .emptyLine: "an empty line between rows"
    case .lineTooLong(let limit): "the line is longer than \(limit) bytes, as no row of bars is"
    case .tooManyRows(let limit): "the symbol has more than \(limit) rows, more days than there have been markets"
    case .unterminatedQuote: "a quoted field does not end on its line"
    case .textAfterQuote: "text follows a closing quote"
    case .notADate(let found): "found '\(found)' where a date YYYY-MM-DD is expected"
    case .intraday(let found): "found '\(found)', which is not midnight: only daily bars are read"
    case .notANumber(let found): "found '\(found)' where a number is expected"
    case .notFinite(let found): "found '\(found)', which is not a finite number"
    case .outOfRange(let found): "found '\(found)', which does not fit a double-precision number"
    case .noAdjustmentFactor(let adjusted, let close):
      "adjusted close '\(adjusted)' over close '\(close)' gives no finite adjustment factor"
    case .symbolName(let found): "found '\(found)' where a symbol is expected"
    case .tooManySymbols(let limit): "more than \(limit) different symbols"
    }
  }

  var remedy: String {
    switch self {
    case .empty, .noRows: "export or fetch the file again"
    case .header, .repeatedColumn, .tooManyColumns:
      "use the columns "
        + CSVImporter.Layout.allCases.map { $0.columns.joined(separator: ",") }.joined(separator: " or ")
    case .noVolume: "add the column volume, or name the series as an index: --index SYMBOL=FILE"
    case .fieldCount, .unterminatedQuote, .textAfterQuote: "repair the row or fetch the file again"
    case .emptyLine: "remove the line, or fetch the file again if rows are missing there"
    case .lineTooLong: "check which file was meant, or fetch it again"
    case .tooManyRows: "check which file was meant, or aggregate it to one row a day"
    case .notADate: "write dates as YYYY-MM-DD"
    case .intraday: "aggregate the file to one row a day"
    case .notANumber, .notFinite, .outOfRange: "correct the value or leave the whole day out"
    case .noAdjustmentFactor: "correct the close or the adjusted close of that day"
    case .symbolName: "use 1 to 32 letters, digits or . - _ ^ = and begin with a letter, digit or ^"
    case .tooManySymbols: "split the file"
    }
  }
}

/// Why a request for symbols cannot be met. Each sentence says what to do.
package enum SymbolProblem: Equatable, Sendable, CustomStringConvertible {
  case absent(requested: String, existing: [String])
  case requestedTwice(String)
  case noneGiven
  case severalForOneSeries([String])
  case namedByFile([String])
  case unusable(String)

  package var description: String {
    switch self {
    case .absent(let requested, let existing):
      "there is no symbol '\(requested)'; the file holds \(existing.joined(separator: ", ")): ask for one of these"
    case .requestedTwice(let symbol): "the symbol '\(symbol)' is asked for twice; name it once"
    case .noneGiven: "the file holds one series and does not name its symbol; name it on the command line"
    case .severalForOneSeries(let symbols):
      "the file holds one series, but \(symbols.count) symbols are asked for (\(symbols.joined(separator: ", "))); name one"
    case .namedByFile(let existing):
      "the file names its symbols itself (\(existing.joined(separator: ", "))); ask for one of these instead of renaming"
    case .unusable(let found):
      "'\(found)' is not a symbol; use 1 to 32 letters, digits or . - _ ^ = and begin with a letter, digit or ^"
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
