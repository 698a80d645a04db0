// Exit plans in scripted days: what a user writes, and what is read of it.

import Testing
import Trading
import Workstation

private let call = "META260116C00600000"

private func play(_ lines: [String]) throws -> DeskPlay {
  var settings = DeskSettings()
  settings.fees = .zeroCommission
  let text = (["{\"session\": \"2025-12-11\"}"] + lines).joined(separator: "\n") + "\n"
  return try DeskPlay(try DeskScript(Array(text.utf8), path: "day.jsonl"), settings)
}

private func quote(_ time: String, _ bid: Double) -> String {
  "{\"quote\": \"\(call)\", \"time\": \"\(time)\", \"bid\": \(bid), \"ask\": \((bid * 100 + 5).rounded() / 100), \"bid_size\": 500, \"ask_size\": 500}"
}

private func order(_ exit: String, key: String = "opens", ratio: Int = 1) -> String {
  "{\"order\": 1, \"time\": \"10:00\", \"\(key)\": {\"\(call)\": \(ratio)}, \"quantity\": 6, \"exit\": \(exit)}"
}

@Test func aScriptedPositionIsLeftByItsPlan() throws {
  let day =
    [quote("10:00", 17.10), order("\"scale_out_and_trail\"")]
    + [17.10, 26, 26, 31, 31, 40, 35, 34.25, 34].enumerated().map { quote("10:0\($0.offset + 1)", $0.element) }
  let play = try play(day)
  let text = play.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
  #expect(text.contains("2025-12-11 10:02 1 scale-out: closes 3 of 6, entry 17.15, level 25.73, now 26.00, +51.60 %"))
  #expect(text.contains("2025-12-11 10:03 own sold 3 \(call) at 26.00 (26.00/26.05)"))
  #expect(
    text.contains("10:08 1 trailing stop: closes 2 of 2, entry 17.15, best 40.00, stop 34.29, now 34.25, +99.71 %"))
  #expect(text.contains("10:09 own sold 2 \(call) at 34.00 (34.00/34.05)"))
  #expect(play.desk.widestGap == 0 && play.desk.book.isEmpty && !text.contains("EXIT PLANS"))
  #expect(play.lines.allSatisfy { $0.count <= 80 })
}

@Test func aPlanThatIsNotOverIsShown() throws {
  let play = try play([
    quote("10:00", 17.10), order("{\"kind\": \"scale_out_and_trail\", \"stop_loss\": 40}"), quote("10:01", 17.10),
    quote("10:02", 26), quote("10:03", 26),
  ])
  let text = play.lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
  #expect(
    text.contains(
      "EXIT PLANS order 1 scale_out_and_trail: 3 of 6 held, entry 17.15, best 26.00, stop 23.79, rungs fired 1 of 2"))
  #expect(play.lines.allSatisfy { $0.count <= 80 })
}

private let wrong: [(String, String)] = [
  (order("\"half\""), "its exit is of the unknown kind 'half'; write full_target or scale_out_and_trail"),
  (order("{\"kind\": \"full_target\", \"stop\": 20}"), "its exit has the unknown key 'stop'"),
  (
    order("{\"kind\": \"full_target\", \"stop_loss\": 0}"),
    "its exit: an exit plan's stop_loss is 0 %; give 0.01 to 10000"
  ),
  (order("5"), "its exit is a number; write an object"),
  (order("\"full_target\"", key: "closes", ratio: -1), "'exit' belongs to an order that opens"),
]

@Test(arguments: wrong)
func aPlanThatCannotBeFollowedIsNamedByItsLine(line: String, sentence: String) {
  let error = #expect(throws: DeskScriptError.self) { try play([quote("10:00", 17.10), line]) }
  #expect(error?.line == 3 && error?.description.contains(sentence) == true, "\(error?.description ?? "")")
}
