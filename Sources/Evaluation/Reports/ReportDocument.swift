// What a report says, in order, before anybody decides how it looks.

/// A report as headings, sentences, tables and pictures. `markdown` and `html` show the same content. All text is plain: whoever renders
/// it makes it safe for the format.
package struct ReportDocument: Sendable {
  var title: String
  /// One line below the title.
  var subtitle: String
  var verdict: VerdictBox
  var sections: [Section]
  /// What stands across every page, on paper too; nothing by default.
  var watermark = ""

  struct VerdictBox: Sendable {
    /// What the headline is of.
    var subject = "Verdict"
    /// The verdict in a few words, without a full stop.
    var headline: String
    var isEdge: Bool
    /// What happened, in paragraphs and lists.
    var blocks: [Block]
  }

  struct Section: Sendable {
    var heading: String
    var blocks: [Block]
  }

  /// The same with one more section, where there is one. Traps where there is no section of that heading.
  func adding(_ section: Section?, before heading: String) -> ReportDocument {
    guard let section else { return self }
    guard let place = sections.firstIndex(where: { $0.heading == heading }) else {
      preconditionFailure("no section is called '\(heading)'")
    }
    var document = self
    document.sections.insert(section, at: place)
    return document
  }

  enum Block: Sendable {
    case paragraph(String)
    case list([String])
    /// Name and text, line by line.
    case facts([(name: String, text: String)])
    case table(Table)
    case months(MonthlyReturns, caption: String)
    case chart(LineChart)
    case intervals(IntervalChart)
    case quotes(QuoteChart)
  }

  struct Table: Sendable {
    var caption: String
    var columns: [String]
    var rows: [Row]

    struct Row: Sendable {
      var label: String
      var cells: [String]
      /// A detail of the row above.
      var isDetail = false

      init(label: String, cells: [String], isDetail: Bool = false) {
        (self.label, self.cells, self.isDetail) = (label, cells, isDetail)
      }

      /// Of a row as lines have it, where two spaces before its label make it a detail.
      init(indented label: String, cells: [String]) {
        let isDetail = label.hasPrefix("  ")
        self.init(label: isDetail ? String(label.dropFirst(2)) : label, cells: cells, isDetail: isDetail)
      }
    }
  }
}
