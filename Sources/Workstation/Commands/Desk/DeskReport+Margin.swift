// What a played day's book had to hold against what was sold, and how its legs were matched.

import Trading

extension DeskPlay {
  func marginLines(_ standing: MarginStanding, _ line: (Int64?, String) -> [String]) -> [String] {
    let requirement = standing.requirement
    var lines = line(
      nil,
      "margin \(money(requirement.gross)) before credit, \(money(requirement.net(credit: standing.credit))) of the cash "
        + "before its trades; cash is \(money(standing.cash))")
    for group in standing.lines { lines += line(nil, "  \(money(group.gross)) \(group.words)") }
    if let notice = requirement.notice { lines += line(nil, "margin: \(notice)") }
    return lines
  }
}
