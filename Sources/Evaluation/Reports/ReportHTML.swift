// A report as one HTML file: nothing is loaded from anywhere, and no script is needed.

extension ReportDocument {
  /// The whole page. Its own content policy forbids every outside source and every script.
  package var html: String {
    func safe(_ text: String) -> String { ReportDocument.htmlSafe(text) }
    var page = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(safe(title))</title>
      <style>
      \(ReportStyle.sheet)\(watermark.isEmpty ? "" : "\n" + ReportStyle.watermark)
      </style>
      </head>
      <body>
      <main>
      <h1>\(safe(title))</h1>
      <p class="subtitle">\(safe(subtitle))</p>
      <section class="verdict\(verdict.isEdge ? " edge" : "")" aria-labelledby="verdict">
      <h2 id="verdict">\(safe(verdict.subject)): \(safe(verdict.headline)).</h2>

      """
    page += verdict.blocks.map(ReportDocument.html).joined() + "</section>\n"
    // It is said in the title as well, for whoever does not see it.
    if !watermark.isEmpty { page += "<div class=\"watermark\" aria-hidden=\"true\">\(safe(watermark))</div>\n" }
    for section in sections {
      page += "<section>\n<h2>\(safe(section.heading))</h2>\n"
      page += section.blocks.map(ReportDocument.html).joined() + "</section>\n"
    }
    return page + "</main>\n</body>\n</html>\n"
  }

  private static func html(_ block: Block) -> String {
    func safe(_ text: String) -> String { htmlSafe(text) }
    switch block {
    case .paragraph(let text): return "<p>\(safe(text))</p>\n"
    case .list(let items): return "<ul>\n" + items.map { "<li>\(safe($0))</li>\n" }.joined() + "</ul>\n"
    case .facts(let facts):
      return "<dl>\n" + facts.map { "<dt>\(safe($0.name))</dt><dd>\(safe($0.text))</dd>\n" }.joined() + "</dl>\n"
    case .table(let table):
      let head = table.columns.map { "<th scope=\"col\">\(safe($0))</th>" }.joined()
      let rows = table.rows.map { row in
        "<tr><th scope=\"row\"\(row.isDetail ? " class=\"detail\"" : "")>\(safe(row.label))</th>"
          + row.cells.map { "<td>\(safe($0))</td>" }.joined() + "</tr>\n"
      }
      return tableHTML(
        caption: table.caption, kind: "figures", head: "<th><span class=\"unseen\">Figure</span></th>" + head,
        rows: rows.joined())
    case .months(let months, let caption):
      let head = (["Year"] + monthNames + ["Whole"]).map { "<th scope=\"col\">\($0)</th>" }.joined()
      let rows = months.years.map { year in
        "<tr><th scope=\"row\">\(year.year)</th>" + (year.months + [year.total]).map(monthCell).joined() + "</tr>\n"
      }
      return tableHTML(caption: caption, kind: "months", head: head, rows: rows.joined())
    case .chart(let chart): return SVGPicture.figure(chart)
    case .intervals(let chart): return SVGPicture.figure(chart)
    case .quotes(let chart): return SVGPicture.figure(chart)
    }
  }

  private static func tableHTML(caption: String, kind: String, head: String, rows: String) -> String {
    "<p class=\"told\">\(htmlSafe(caption))</p>\n<div class=\"scroll\" role=\"region\" aria-label=\"\(htmlSafe(caption))\" tabindex=\"0\">\n<table class=\"\(kind)\">\n"
      + "<thead><tr>\(head)</tr></thead>\n<tbody>\n\(rows)</tbody>\n</table>\n</div>\n"
  }

  private static func monthCell(_ value: Double?) -> String {
    guard let value else { return "<td></td>" }
    // 2, 5 and 10 percent part the shades; the sign stands in the text.
    let shade = [0.02, 0.05, 0.1].count { abs(value) >= $0 } + 1
    let text = monthText(value)
    if text == "0.0" { return "<td>\(text)</td>" }
    return "<td class=\"\(value > 0 ? "gain" : "loss")\(shade)\">\(text)</td>"
  }

  /// Text in which no character is markup, in content and in quoted attributes.
  static func htmlSafe(_ text: String) -> String {
    var output = ""
    // A sign stays on the line of its number.
    let text = text.replacing(" %", with: "\u{A0}%").replacing(" $", with: "\u{A0}$")
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": output += "&amp;"
      case "<": output += "&lt;"
      case ">": output += "&gt;"
      case "\"": output += "&quot;"
      case "'": output += "&#39;"
      case "\n", "\r", "\t": output += " "
      default: output.unicodeScalars.append(isShown(scalar) ? scalar : "\u{FFFD}")
      }
    }
    return output
  }
}
