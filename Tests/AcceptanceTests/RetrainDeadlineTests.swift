// A weekend ends before its deadline, whatever that is and whatever else the machine does, and uses the time that it has.

import Glibc
import Kernels
import Storage
import TestSupport
import Testing
import Text

@Suite(.serialized) struct RetrainDeadlineTests {
  private static let seeds = "[" + (1...60).map(String.init).joined(separator: ", ") + "]"

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A weekend with more candidates than time, and what must follow training, in seconds.
  private static func ready() throws -> (RetrainPlace, reserve: Double) {
    let small = try RetrainPlace(bars: 4800)
    let windows = "{training: 600, selection: 200, report: 3200}"
    try small.folder.write(RetrainPlace.plan(hooks: "", seeds: "[1]", windows: windows), to: "plan.yaml")
    try small.place.succeed(["retrain", "plan.yaml"])
    let plan = try JSON.parse(small.folder.bytes("weekends/small/0001/plan.json"))
    let reserve = try #require(plan["reserve_safe"]?.doubleValue)
    let fresh = try RetrainPlace(bars: 4800)
    try fresh.folder.write(RetrainPlace.plan(hooks: "", seeds: seeds, windows: windows), to: "plan.yaml")
    return (fresh, reserve)
  }

  private struct Try {
    var budget: Double
    var used: Double
    var wasRefused: Bool
    var leftOver: Bool
  }

  private static func attempt(_ template: RetrainPlace, budget: Double, isLoaded: Bool) throws -> Try {
    let small = try RetrainPlace(copying: template)
    let load = isLoaded ? try Program.start("/bin/sh", named: "sh", ["-c", "while :; do :; done"]) : nil
    defer { load?.send(SIGKILL) }
    let begin = now()
    let outcome = try small.retrain("plan.yaml", "--deadline", "\(budget)s")
    let used = now() - begin
    #expect(outcome.exitCode == 0 || outcome.exitCode == 2, "\(outcome)\n\(outcome.output)")
    return Try(
      budget: budget, used: used, wasRefused: outcome.exitCode == 2, leftOver: outcome.output.contains(": cut, since"))
  }

  @Test(.enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"))
  func twentyBudgetsAreKept() throws {
    let (template, reserve) = try Self.ready()
    var stream = RandomStream(seed: 20, purpose: .mutation)
    var tries: [Try] = []
    for number in 0..<20 {
      let budget = (100 * reserve * (1.2 + 4.8 * stream.nextDouble())).rounded() / 100
      tries.append(try Self.attempt(template, budget: budget, isLoaded: number % 2 == 1))
    }
    let inTime = tries.count { $0.used <= $0.budget }
    let idle = tries.filter { $0.leftOver && !$0.wasRefused }.map { $0.used / $0.budget }
    ProofTable.record(
      "retrain: random budgets of 1.2 to 6 times the reserve that were kept, a core loaded in half of them",
      figure: "\(inTime) of \(tries.count), \(tries.count { $0.wasRefused }) of them refused", threshold: "20 of 20",
      seeds: "20", holds: inTime == tries.count)
    let least = idle.min() ?? 1
    ProofTable.record(
      "retrain: least share of a budget that was used where candidates were left over",
      figure: "\((100 * least).rounded()) %", threshold: ">= 75 %", seeds: "20", holds: least >= 0.75)
    #expect(inTime == tries.count && least >= 0.75, "\(tries)")
  }
}
