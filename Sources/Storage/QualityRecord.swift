// Quality reports and provenance as JSON, and back without loss.

import Market
import Text

/// A `QualityReport` as the text that lies beside the data it is about.
enum QualityRecord {
  static func json(_ report: QualityReport) -> JSON {
    .object([
      "gate_version": .integer(Int64(report.gateVersion)),
      "passed": .bool(report.passed),
      "indices": .array(report.indices.map { .string($0) }),
      "findings": .array(report.findings.map { json($0) }),
      "allowances": .array(report.allowances.map { json($0) }),
      "unused_allowances": .array(report.unusedAllowances.map { json($0) }),
    ])
  }

  /// Nil if the value is not of the form that `json` writes.
  static func report(from json: JSON) -> QualityReport? {
    guard let version = json["gate_version"]?.integerValue, let passed = json["passed"]?.boolValue,
      let findings = all(json["findings"], finding), let allowances = all(json["allowances"], allowance),
      let unused = all(json["unused_allowances"], allowance),
      // Records that were made before there were indices do not speak of any.
      let indices = json["indices"] == nil ? [] : all(json["indices"], { $0.stringValue })
    else { return nil }
    return QualityReport(
      gateVersion: version, passed: passed, indices: indices, findings: findings, allowances: allowances,
      unusedAllowances: unused)
  }

  private static func json(_ finding: QualityFinding) -> JSON {
    func date(_ date: CalendarDate?) -> JSON { date.map { .integer(Int64($0.daysSinceEpoch)) } ?? .null }
    return .object([
      "check": .string(finding.check), "kind": .string(finding.kind), "severity": .string(finding.severity.rawValue),
      "symbol": .string(finding.symbol), "first_day": date(finding.firstDate), "last_day": date(finding.lastDate),
      "count": .integer(Int64(finding.count)), "samples": .array(finding.samples.map { .string($0) }),
      "suggestion": .string(finding.suggestion), "message": .string(finding.message),
    ])
  }

  private static func finding(_ json: JSON) -> QualityFinding? {
    guard let check = json["check"]?.stringValue, let kind = json["kind"]?.stringValue,
      let severity = json["severity"]?.stringValue.flatMap(QualityFinding.Severity.init(rawValue:)),
      let symbol = json["symbol"]?.stringValue, let first = day(json["first_day"]), let last = day(json["last_day"]),
      let count = json["count"]?.integerValue, let samples = all(json["samples"], { $0.stringValue }),
      let suggestion = json["suggestion"]?.stringValue, let message = json["message"]?.stringValue
    else { return nil }
    return QualityFinding(
      check: check, kind: kind, severity: severity, symbol: symbol, firstDate: first.date, lastDate: last.date,
      count: count, samples: samples, suggestion: suggestion, message: message)
  }

  /// A day or an explicit null; nil for anything else. Any day that 32 bits hold is kept, also one outside the calendar's years.
  private static func day(_ json: JSON?) -> (date: CalendarDate?, isPresent: Void)? {
    guard let json else { return nil }
    if json.isNull { return (nil, ()) }
    guard let number = json.integerValue, let days = Int32(exactly: number) else { return nil }
    return (CalendarDate(daysSinceEpoch: days), ())
  }

  private static func json(_ allowance: QualityAllowance) -> JSON {
    .object([
      "check": .string(allowance.check), "symbol": .string(allowance.symbol),
      "day": .integer(Int64(allowance.date.daysSinceEpoch)),
      "last_day": .integer(Int64(allowance.lastDate.daysSinceEpoch)), "reason": .string(allowance.reason),
    ])
  }

  private static func allowance(_ json: JSON) -> QualityAllowance? {
    guard let check = json["check"]?.stringValue, let symbol = json["symbol"]?.stringValue,
      let first = day(json["day"])?.date,
      // Records that were made before there were ranges do not speak of a last day.
      let last = json["last_day"] == nil ? first : day(json["last_day"])?.date,
      let reason = json["reason"]?.stringValue
    else { return nil }
    // The caller names the attribute as malformed, which says all that the thrown error would.
    return try? QualityAllowance(check: check, symbol: symbol, date: first, until: last, reason: reason)
  }

  /// All entries of an array, or nil if it is not one or one of them cannot be read.
  static func all<Value>(_ json: JSON?, _ read: (JSON) -> Value?) -> [Value]? {
    guard let entries = json?.arrayValue else { return nil }
    let values = entries.compactMap(read)
    return values.count == entries.count ? values : nil
  }
}

extension ImportProvenance {
  var json: JSON {
    .object([
      "source_name": .string(sourceName), "source_sha256": .string(sourceSHA256), "layout": .string(layout),
      "rows": .integer(Int64(rows)), "symbols": .array(symbols.map { .string($0) }),
      "importer_version": .integer(Int64(importerVersion)),
    ])
  }

  init?(json: JSON) {
    guard let sourceName = json["source_name"]?.stringValue, let sourceSHA256 = json["source_sha256"]?.stringValue,
      let layout = json["layout"]?.stringValue, let rows = json["rows"]?.integerValue,
      let symbols = QualityRecord.all(json["symbols"], { $0.stringValue }),
      let importerVersion = json["importer_version"]?.integerValue
    else { return nil }
    self.init(
      sourceName: sourceName, sourceSHA256: sourceSHA256, layout: layout, rows: rows, symbols: symbols,
      importerVersion: importerVersion)
  }
}
