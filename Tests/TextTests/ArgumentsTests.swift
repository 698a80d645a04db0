// The words of a command line are understood or refused in one sentence.

import Testing
import Text

@Suite struct ArgumentsTests {
  private static let flags = [
    Flag("run", "NAME", "a folder"), Flag("set", "KEY=VALUE", repeats: true, "a setting"), Flag("quick"),
    Flag("write", optional: "FILE", "a file"),
  ]

  private func refusal(_ words: [String], operandLimit: Int = .max) -> UsageError? {
    do throws(UsageError) {
      _ = try Arguments(words, flags: Self.flags, operandLimit: operandLimit)
      return nil
    } catch {
      return error
    }
  }

  @Test func wordsComeApart() throws {
    let words = ["a", "--run", "b", "--set=x=1", "--quick", "-", "--set", "y=-2", "--write", "c", "--", "--run", "--"]
    let arguments = try Arguments(words, flags: Self.flags)
    #expect(arguments.operands == ["a", "-", "c", "--run", "--"])
    #expect(arguments.flags.map(\.name) == ["run", "set", "quick", "set", "write"])
    #expect(arguments.values("set") == ["x=1", "y=-2"] && arguments.value("set") == "y=-2")
    #expect(arguments.value("run") == "b" && arguments.value("write")?.isEmpty == true)
    #expect(arguments.has("quick") && !arguments.has("absent") && arguments.value("absent") == nil)
    #expect(try Arguments(["--write=d"], flags: Self.flags).value("write") == "d")
  }

  @Test(
    arguments: [
      (["--rum", "b"], .unknownFlag("--rum", nearest: "run"), "unknown flag --rum; did you mean --run?"),
      (["-quick"], .unknownFlag("-quick", nearest: "quick"), "unknown flag -quick; did you mean --quick?"),
      (["--hlep"], .unknownFlag("--hlep", nearest: "help"), "unknown flag --hlep; did you mean --help?"),
      (["--something-else=3"], .unknownFlag("--something-else", nearest: nil), "unknown flag --something-else"),
      (["--run", "a", "--run=a"], .repeated("run"), "--run stands twice"),
      (["--run"], .valueMissing("run", valueName: "NAME"), "--run needs a value: NAME"),
      (["--run="], .valueMissing("run", valueName: "NAME"), "--run needs a value: NAME"),
      (["--quick=yes"], .valueUnwanted("quick"), "--quick takes no value"),
      (["a", "b", "c"], .unexpected("c"), "unexpected c"), (["--", "a", "b", "c"], .unexpected("c"), "unexpected c"),
    ] as [([String], UsageError.Reason, String)])
  func othersAreRefused(words: [String], reason: UsageError.Reason, sentence: String) {
    let error = refusal(words, operandLimit: 2)
    #expect(error?.reason == reason && error?.message == sentence)
  }

  @Test func anEmptyValueStandsWhereItMay() throws {
    #expect(try Arguments(["--run="], flags: Self.flags, allowsEmptyValues: true).value("run") == "")
    #expect(try Arguments(["--run", ""], flags: Self.flags, allowsEmptyValues: true).value("run") == "")
    #expect(refusal(["--run", ""])?.reason == .valueMissing("run", valueName: "NAME"))
  }

  @Test(arguments: ["0", "11", "3.0", "three", "9223372036854775808", " 3"])
  func numbersOutsideAreRefused(text: String) throws {
    let arguments = try Arguments(["--count", text], flags: Flag.values("count"))
    let error = #expect(throws: UsageError.self) { try arguments.wholeNumber("count", in: 1...10) }
    #expect(error?.message == "--count is \(text); it must be a whole number from 1 to 10")
  }

  @Test func numbersInsideAreRead() throws {
    let arguments = try Arguments(["--count", "10"], flags: Flag.values("count", "other"))
    #expect(try arguments.wholeNumber("count", in: 1...10) == 10)
    #expect(try arguments.wholeNumber("other", in: 1...10) == nil)
  }
}
