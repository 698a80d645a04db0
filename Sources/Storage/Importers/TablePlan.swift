// What the first lines of a table say of the rest: where its columns are, and how its stamps and numbers are written.

import Market
import Text

/// What a user says of a file that it does not say itself.
package struct BarDeclarations: Sendable, Equatable {
  /// A `BarLayout`.
  package var layout: BarLayout?
  /// What the columns hold, in file order.
  package var columns: [String]?
  package var zone: StampZone?
  package var side: StampSide?
  package var adjustment: PriceAdjustment?
  /// Whether 1,234 is a number between one and two.
  package var isDecimalComma: Bool?
  /// Whether 1/2/2024 is in February.
  package var isDayFirst: Bool?
  /// What prices that are whole numbers are divided by.
  package var priceDivisor: Double?

  package init() {}
}

/// How a table is read.
struct TablePlan: Equatable {
  /// The columns of one series; a table that names its symbols in a column, or nowhere, has one.
  struct Group: Equatable {
    /// The symbol that the header names.
    var symbol: String?
    /// Where each column stands in a row.
    var places: [BarColumn: Int]
  }

  var layout: BarLayout
  var delimiter: UInt8
  var numbers = NumberText.plain
  var stamp = StampText.iso
  /// How many lines stand before the first row, and how many of them are notes above the header.
  var linesBefore: Int
  var notesAbove = 0
  /// The header's own spelling, in file order.
  var names: [String]
  var groups: [Group]
  /// The date and the symbol that the file's own name says.
  var fileDate: Int64 = 0
  var fileSymbol: String?
  /// Why the day or the month of its dates is taken to come first, where the calendar alone told.
  var dateEvidence: String?
  /// What prices are divided by.
  var priceDivisor = 1.0

  var namesSymbols: Bool { groups.count > 1 || groups[0].symbol != nil || groups[0].places[.symbol] != nil }
  var hasAdjustedClose: Bool { groups.contains { $0.places[.adjustedClose] != nil } }
  var hasVolume: Bool { groups.allSatisfy { $0.places[.volume] != nil } }

  func place(_ column: BarColumn) -> Int? { groups[0].places[column] }

  /// The spelling of a column, for sentences.
  func name(_ column: BarColumn, group: Int = 0) -> String {
    groups[group].places[column].map { names[$0].isEmpty ? column.word : names[$0] } ?? ""
  }
}
