// All that is wrong with a table's rows, told at once.

import Text

/// One thing that is wrong with rows of a table, and with how many.
package struct RowFault: Equatable, Sendable {
  package var column: String
  /// Of the first of them.
  package var problem: TableProblem
  package var count: Int
  package var firstLine: Int
  package var lastLine: Int
  /// The first and the last as the table writes their dates; empty where that could not be read either.
  package var firstDate: String
  package var lastDate: String

  package var description: String {
    let place = (column.isEmpty ? "" : "column '\(column)', ")
    guard count > 1 else { return place + "line \(firstLine)\(firstDate.isEmpty ? "" : " (\(firstDate))"): \(problem)" }
    let dates = firstDate.isEmpty ? "" : " (\(firstDate) to \(lastDate))"
    return place + "\(count) rows from line \(firstLine) to \(lastLine)\(dates): \(problem)"
  }
}

/// Gathers them while rows are read.
struct RowFaults {
  private struct Kind: Hashable {
    var column: String
    var remedy: String
  }

  private let path: String
  private var places: [Kind: Int] = [:]
  private(set) var all: [RowFault] = []
  private(set) var count = 0

  /// More kinds than one table has; what comes after is counted with the last.
  private static let kindLimit = 32

  init(path: String) { self.path = path }

  mutating func add(_ problem: TableProblem, column: String = "", line: Int, date: String = "") {
    count += 1
    let kind = Kind(column: column, remedy: problem.remedy)
    guard let place = places[kind] ?? (all.count == RowFaults.kindLimit ? all.count - 1 : nil) else {
      places[kind] = all.count
      all.append(
        RowFault(
          column: column, problem: problem, count: 1, firstLine: line, lastLine: line, firstDate: date, lastDate: date))
      return
    }
    all[place].count += 1
    all[place].lastLine = line
    all[place].lastDate = date
  }

  /// nil where nothing is wrong.
  var error: StorageError? {
    guard let first = all.first else { return nil }
    guard all.count > 1 || first.count > 1 else {
      return .table(path: path, line: first.firstLine, column: first.column, problem: first.problem)
    }
    return .rows(path: path, faults: all)
  }
}
