// What the quality gate says about a set of series: findings, what was allowed by name, and the verdict.

/// One thing a check found. A plain value: every field may be written down and read back as it is.
package struct QualityFinding: Sendable, Equatable {
  package enum Severity: String, Sendable {
    /// The data is refused.
    case fail
    /// Worth a look; the data passes.
    case warn
  }

  /// The check that asks, such as `price-continuity`.
  package var check: String
  /// What kind of answer it is, such as `large-move`.
  package var kind: String
  package var severity: Severity
  /// The symbol concerned; empty where the finding is about the set as a whole.
  package var symbol: String
  /// The earliest and the latest date concerned, or nil where no date is.
  package var firstDate: CalendarDate?
  package var lastDate: CalendarDate?
  /// How many rows (or missing sessions) are concerned.
  package var count: Int
  /// At most `QualityFinding.sampleLimit` of them, as text.
  package var samples: [String]
  /// What to do about it.
  package var suggestion: String
  /// What is wrong, in one sentence.
  package var message: String

  package static let sampleLimit = 3

  package init(
    check: String, kind: String, severity: Severity, symbol: String, firstDate: CalendarDate?, lastDate: CalendarDate?,
    count: Int, samples: [String], suggestion: String, message: String
  ) {
    self.check = check
    self.kind = kind
    self.severity = severity
    self.symbol = symbol
    self.firstDate = firstDate
    self.lastDate = lastDate
    self.count = count
    self.samples = samples
    self.suggestion = suggestion
    self.message = message
  }
}

/// The gate's answer. `description` is a table of at most 80 columns.
package struct QualityReport: Sendable, Equatable {
  package var gateVersion: Int
  /// Whether no finding fails.
  package var passed: Bool
  /// The symbols of series that are indices, each once: nobody can trade them, and their volume was not asked about.
  package var indices: [String]
  package var findings: [QualityFinding]
  /// The allowances that a finding would have needed: each was used.
  package var allowances: [QualityAllowance]
  /// The allowances that match nothing in the data.
  package var unusedAllowances: [QualityAllowance]

  package init(
    gateVersion: Int, passed: Bool, indices: [String] = [], findings: [QualityFinding],
    allowances: [QualityAllowance], unusedAllowances: [QualityAllowance]
  ) {
    self.gateVersion = gateVersion
    self.passed = passed
    self.indices = indices
    self.findings = findings
    self.allowances = allowances
    self.unusedAllowances = unusedAllowances
  }
}

extension QualityReport {
  /// The words of a command line that let the failures pass, one for each, where all of them may be true of sound data; else none. Where a split is suspected,
  /// the factor is asked for first.
  package var allowanceFlags: [String] {
    let failures = findings.filter { $0.severity == .fail }
    let areAllowable = failures.allSatisfy { failure in
      QualityAllowance.checks.contains(failure.check) && failure.suggestion.contains("--allow ")
        && !failure.suggestion.contains("--split ")
    }
    guard areAllowable else { return [] }
    return failures.map { QualityAllowance.flag($0.check, $0.symbol, $0.firstDate, $0.lastDate) }
  }
}

extension QualityReport: CustomStringConvertible {
  package var description: String {
    let failures = findings.count { $0.severity == .fail }
    let warnings = findings.count - failures
    var lines = [
      "Quality gate \(gateVersion): \(passed ? "passed" : "REFUSED"), \(counted(failures, "failure")), "
        + counted(warnings, "warning")
    ]
    if !indices.isEmpty {
      lines += QualityReport.wrapped(
        "Not tradable, an index: \(indices.joined(separator: ", ")) (volume not examined)", indent: 0)
    }
    if !findings.isEmpty {
      lines.append("")
      lines.append(QualityReport.row("check", "severity", "symbol", "first", "last", "rows"))
      for finding in findings {
        lines.append(
          QualityReport.row(
            finding.check, finding.severity.rawValue, finding.symbol.isEmpty ? "(all)" : finding.symbol,
            finding.firstDate?.description ?? "-", finding.lastDate?.description ?? "-", String(finding.count)))
        lines += QualityReport.wrapped(finding.message, indent: 4)
        for sample in finding.samples { lines += QualityReport.wrapped(sample, indent: 6) }
        lines += QualityReport.wrapped("Suggestion: " + finding.suggestion, indent: 4)
      }
    }
    if !allowances.isEmpty {
      lines.append("")
      lines.append("Allowed by name:")
      for allowance in allowances {
        lines += QualityReport.wrapped(allowance.name, indent: 2)
        lines += QualityReport.wrapped("Reason: " + allowance.reason, indent: 4)
      }
    }
    if !unusedAllowances.isEmpty {
      lines.append("")
      lines.append("Allowances that match nothing in this data:")
      for allowance in unusedAllowances { lines += QualityReport.wrapped(allowance.name, indent: 2) }
    }
    return lines.joined(separator: "\n")
  }

  private static let columns = 80

  private static func row(
    _ check: String, _ severity: String, _ symbol: String, _ first: String, _ last: String, _ rows: String
  ) -> String {
    func left(_ text: String, _ width: Int) -> String {
      let shown = text.count > width ? String(text.prefix(width - 1)) + "~" : text
      return shown + String(repeating: " ", count: width - shown.count)
    }
    let count = String(repeating: " ", count: max(0, 9 - rows.count)) + rows
    return left(check, 20) + left(severity, 9) + left(symbol, 12) + left(first, 11) + left(last, 11) + count
  }

  /// Lines of at most 80 characters; a word longer than a line is cut.
  private static func wrapped(_ text: String, indent: Int) -> [String] {
    let width = columns - indent
    var lines: [String] = []
    var line = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      if !line.isEmpty && line.count + 1 + word.count <= width {
        line += " " + word
        continue
      }
      if !line.isEmpty { lines.append(line) }
      var rest = word
      while rest.count > width {
        lines.append(String(rest.prefix(width)))
        rest = rest.dropFirst(width)
      }
      line = String(rest)
    }
    if !line.isEmpty { lines.append(line) }
    return lines.map { String(repeating: " ", count: indent) + $0 }
  }
}
