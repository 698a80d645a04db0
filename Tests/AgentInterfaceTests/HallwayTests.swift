// Masks and saved states.

import AgentInterface
import Testing

struct HallwayTests {
  @Test func `a mask allows exactly its bits`() {
    let mask = ActionMask([true, false, true])
    #expect((0..<4).map { mask.allows($0) } == [true, false, true, false])
    #expect(mask.legalCount == 2)
    #expect(ActionMask.all(count: 64).legalCount == 64)
    #expect(ActionMask.all(count: 9).rawValue == 0x1ff)
  }

  @Test func `a missing or short vector is named`() throws {
    let record = StateRecord(floats: ["a": [1, 2]])
    #expect(try record.floats("a", count: 2) == [1, 2])
    #expect(throws: RestoreError.missing("b")) { try record.floats("b") }
    #expect(throws: RestoreError.wrongLength(name: "a", expected: 3, found: 2)) { try record.floats("a", count: 3) }
    #expect(throws: RestoreError.missing("a")) { try record.integers("a") }
  }
}
