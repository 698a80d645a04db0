// Pictures as inline SVG. Only shapes are in the drawing: numbers and dates stand beside it as text, so that they keep their size when the
// drawing is stretched to the width of a phone or of a page.

enum SVGPicture {
  /// The drawing's own units; it is stretched to whatever place there is.
  private static let width = 1000.0
  private static let height = 320.0
  private static let rowHeight = 40.0

  static func figure(_ chart: LineChart) -> String {
    let axis = chart.axis
    let last = Double(max(chart.pointCount - 1, 1))
    func x(_ index: Int) -> Double { Double(index) / last * width }
    func y(_ value: Double) -> Double { (1 - axis.place(value)) * height }

    var drawing = axis.ticks.map { path(classes: $0 == 0 ? "zero" : "grid", "M0 \(number(y($0)))H\(number(width))") }
    if let band = chart.band {
      let upper = Thinning.indices(band.upper, columns: Int(width))
      let lower = Thinning.indices(band.lower, columns: Int(width))
      let outline =
        points(upper.map { (x($0), y(band.upper[$0])) })
        + lower.reversed().map { "L\(number(x($0))) \(number(y(band.lower[$0])))" }.joined()
      drawing.append(path(classes: "band", outline + "Z"))
    }
    // The last line is drawn first, so that the first one lies on top.
    for line in chart.lines.reversed() {
      let shown = Thinning.indices(line.values, columns: Int(width)).map { (x($0), y(line.values[$0])) }
      let outline = line.isStep ? steps(shown) : points(shown)
      if line.isFilled, let first = shown.first, let end = shown.last {
        let ground = number(y(0))
        drawing.append(
          path(
            classes: "fill s\(line.style)",
            "M\(number(first.0)) \(ground)L" + outline.dropFirst() + "L\(number(end.0)) \(ground)Z"))
      }
      drawing.append(path(classes: "line s\(line.style)", outline))
    }

    var legend = chart.lines.map { line in
      "<li>" + key(classes: "line s\(line.style)", "M0 5H34") + " \(ReportDocument.htmlSafe(line.name))"
        + (line.values.last.map { " <b>\(chart.unit.text($0))</b>" } ?? "") + "</li>"
    }
    if let band = chart.band {
      legend.append("<li>" + key(classes: "band", "M0 0H34V10H0Z") + " \(ReportDocument.htmlSafe(band.name))</li>")
    }
    let rises = axis.ticks.map { tick in
      "<span style=\"top:\(number(y(tick) / height * 100))%\">\(chart.unit.tick(tick))</span>"
    }
    let marks = chart.marks.map { mark in
      let place = x(mark.index) / width
      let side = place < 0.06 ? " class=\"start\"" : place > 0.94 ? " class=\"end\"" : ""
      return "<span\(side) style=\"left:\(number(place * 100))%\">\(ReportDocument.htmlSafe(mark.text))</span>"
    }
    return frame(
      id: chart.id, title: chart.title, description: chart.description, kind: chart.isStrip ? "strip" : "",
      legend: chart.isStrip ? [] : legend, drawing: drawing, height: height, rises: rises, marks: marks)
  }

  static func figure(_ chart: IntervalChart) -> String {
    let axis = chart.axis
    let height = rowHeight * Double(chart.rows.count)
    func x(_ value: Double) -> Double { axis.place(value) * width }
    var drawing = axis.ticks.map { path(classes: $0 == 0 ? "zero" : "grid", "M\(number(x($0))) 0V\(number(height))") }
    var rises: [String] = []
    for (index, row) in chart.rows.enumerated() {
      let middle = rowHeight * (Double(index) + 0.5)
      if let lower = row.lower, let upper = row.upper {
        let (from, to) = (number(x(lower)), number(x(upper)))
        drawing.append(
          path(
            classes: "line s0",
            "M\(from) \(number(middle))H\(to)M\(from) \(number(middle - 6))v12M\(to) \(number(middle - 6))v12"))
      }
      drawing.append(path(classes: "line s0 estimate", "M\(number(x(row.estimate))) \(number(middle - 11))v22"))
      rises.append(
        "<span style=\"top:\(number(middle / height * 100))%\">\(ReportDocument.htmlSafe(row.name))</span>")
    }
    var legend = [
      "<li>" + key(classes: "line s0", "M0 5H34M0 1v8M34 1v8M17 0v10")
        + " \(ReportDocument.htmlSafe(chart.key))</li>"
    ]
    for (index, mark) in chart.marks.enumerated() {
      drawing.append(path(classes: "line s\(3 + index)", "M\(number(x(mark.value))) 0V\(number(height))"))
      legend.append(
        "<li>" + key(classes: "line s\(3 + index)", "M0 5H34") + " \(ReportDocument.htmlSafe(mark.name))</li>")
    }
    let marks = axis.ticks.map { tick in
      let place = axis.place(tick)
      let side = place < 0.06 ? " class=\"start\"" : place > 0.94 ? " class=\"end\"" : ""
      return "<span\(side) style=\"left:\(number(place * 100))%\">\(ReportText.shortest(tick))</span>"
    }
    return frame(
      id: chart.id, title: chart.title, description: chart.description, kind: "intervals", legend: legend,
      drawing: drawing, height: height, rises: rises, marks: marks)
  }

  static func figure(_ chart: QuoteChart) -> String {
    let (axis, places) = (chart.axis, chart.placeAxis)
    func x(_ place: Double) -> Double { places.place(place) * width }
    func y(_ value: Double) -> Double { (1 - axis.place(value)) * height }
    var drawing = axis.ticks.map { path(classes: $0 == 0 ? "zero" : "grid", "M0 \(number(y($0)))H\(number(width))") }
    // One path for all of them: a chain has many.
    drawing.append(
      path(
        classes: "quote",
        chart.bars.map { "M\(number(x($0.place))) \(number(y($0.upper)))V\(number(y($0.lower)))" }.joined()))
    var legend = [
      "<li>" + key(classes: "quote", "M6 0v10M17 0v10M28 0v10") + " \(ReportDocument.htmlSafe(chart.barKey))</li>"
    ]
    if !chart.curve.isEmpty {
      drawing.append(path(classes: "line s0", points(chart.curve.map { (x($0.place), y($0.value)) })))
      legend.append("<li>" + key(classes: "line s0", "M0 5H34") + " \(ReportDocument.htmlSafe(chart.curveKey))</li>")
    }
    let rises = axis.ticks.map { tick in
      "<span style=\"top:\(number(y(tick) / height * 100))%\">\(LineChart.Unit.percent.tick(tick))</span>"
    }
    let marks = places.ticks.map { tick in
      let place = places.place(tick)
      let side = place < 0.06 ? " class=\"start\"" : place > 0.94 ? " class=\"end\"" : ""
      return "<span\(side) style=\"left:\(number(place * 100))%\">\(ReportText.shortest(tick))</span>"
    }
    return frame(
      id: chart.id, title: chart.title, description: chart.description, kind: chart.isStrip ? "strip" : "",
      legend: legend, drawing: drawing, height: height, rises: rises, marks: marks)
  }

  private static func frame(
    id: String, title: String, description: String, kind: String, legend: [String], drawing: [String], height: Double,
    rises: [String], marks: [String]
  ) -> String {
    let heading = ReportDocument.htmlSafe(title)
    return """
      <figure class="picture \(kind)">
      <figcaption>\(heading)</figcaption>
      \(legend.isEmpty ? "" : "<ul class=\"legend\">" + legend.joined() + "</ul>\n")<div class="plot">
      <svg viewBox="0 0 \(number(width)) \(number(height))" preserveAspectRatio="none" role="img" \
      aria-labelledby="\(id)-title \(id)-description">
      <title id="\(id)-title">\(heading)</title>
      <desc id="\(id)-description">\(ReportDocument.htmlSafe(description))</desc>
      \(drawing.joined(separator: "\n"))
      </svg>
      <div class="rises" aria-hidden="true">\(rises.joined())</div>
      <div class="marks" aria-hidden="true">\(marks.joined())</div>
      </div>
      <p class="told">\(ReportDocument.htmlSafe(description))</p>
      </figure>

      """
  }

  private static func key(classes: String, _ outline: String) -> String {
    "<svg class=\"key\" viewBox=\"0 0 34 10\" aria-hidden=\"true\">\(path(classes: classes, outline))</svg>"
  }

  private static func path(classes: String, _ outline: String) -> String {
    "<path class=\"\(classes)\" d=\"\(outline)\"/>"
  }

  private static func points(_ points: [(Double, Double)]) -> String {
    points.enumerated().map { ($0 == 0 ? "M" : "L") + "\(number($1.0)) \(number($1.1))" }.joined()
  }

  /// Level until the next point, then up or down.
  private static func steps(_ points: [(Double, Double)]) -> String {
    points.enumerated().map { index, point in
      index == 0 ? "M\(number(point.0)) \(number(point.1))" : "H\(number(point.0))V\(number(point.1))"
    }.joined()
  }

  /// A tenth of a unit is far below a pixel.
  private static func number(_ value: Double) -> String {
    let text = ReportText.fixed(value, decimals: 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
