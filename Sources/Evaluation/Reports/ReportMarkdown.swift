// A report as Markdown: the words and the tables; pictures are told in words.

extension ReportDocument {
  /// CommonMark with tables. Nothing of the report's own text can become markup.
  package var markdown: String {
    func safe(_ text: String) -> String { ReportDocument.markdownSafe(text) }
    var lines = [
      "# " + safe(title), "", safe(subtitle), "",
      "**\(safe(verdict.subject.uppercased())): \(safe(verdict.headline)).**", "",
    ]
    for section in [Section(heading: "", blocks: verdict.blocks)] + sections {
      if !section.heading.isEmpty { lines += ["## " + safe(section.heading), ""] }
      for block in section.blocks {
        switch block {
        case .paragraph(let text): lines.append(safe(text))
        case .list(let items): lines += items.map { "- " + safe($0) }
        case .facts(let facts): lines += facts.map { "- **\(safe($0.name))**: \(safe($0.text))" }
        case .table(let table): lines += [safe(table.caption), ""] + ReportDocument.rows(table)
        case .months(let months, let caption): lines += [safe(caption), ""] + ReportDocument.rows(months)
        case .chart(let chart): lines.append("*\(safe(chart.title))*: " + safe(chart.description))
        case .intervals(let chart): lines.append("*\(safe(chart.title))*: " + safe(chart.description))
        case .quotes(let chart): lines.append("*\(safe(chart.title))*: " + safe(chart.description))
        }
        lines.append("")
      }
    }
    return lines.dropLast().joined(separator: "\n") + "\n"
  }

  private static func rows(_ table: Table) -> [String] {
    func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    return [row([""] + table.columns.map(markdownSafe)), row(["---"] + table.columns.map { _ in "---:" })]
      + table.rows.map { row([($0.isDetail ? "· " : "") + markdownSafe($0.label)] + $0.cells.map(markdownSafe)) }
  }

  private static func rows(_ months: MonthlyReturns) -> [String] {
    rows(
      Table(
        caption: "", columns: monthNames + ["year"],
        rows: months.years.map { year in
          Table.Row(
            label: String(year.year), cells: (year.months + [year.total]).map { $0.map(monthText) ?? "" })
        }))
  }

  static let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// One decimal of a percent, with its sign.
  static func monthText(_ value: Double) -> String {
    let text = ReportText.fixed(100 * value, decimals: 1)
    return value > 0 && text != "0.0" ? "+" + text : text
  }

  /// Text in which no character is markup, on one line.
  static func markdownSafe(_ text: String) -> String {
    var output = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#", "~", "&", "$", "!":
        output += "\\"
        output.unicodeScalars.append(scalar)
      case "\n", "\r", "\t": output += " "
      default: output.unicodeScalars.append(ReportDocument.isShown(scalar) ? scalar : "\u{FFFD}")
      }
    }
    return output
  }

  /// Control characters and those that turn the direction of writing are not shown: they could make text look like another.
  static func isShown(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: false
    default: true
    }
  }
}
