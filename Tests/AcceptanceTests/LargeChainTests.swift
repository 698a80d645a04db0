// A chain of many sessions: imported in little memory, and stopped while most of it lies on the disk.

import Glibc
import Storage
import TestSupport
import Testing

@Suite(.serialized) struct LargeChainTests {
  private static let rowCount = 1100 * 70 * 240 / 17
  /// 65 MB of text. Of each session's contracts and minutes one in seventeen is quoted, each at some time: all of them would be 300 MB in memory.
  private static let text = ChainTable(sessions: 0..<1100, times: 70, strikes: 60, every: 17).text

  private func place() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(Self.text, to: "large.csv")
    try folder.write(ChainTable(sessions: 0..<2).text, to: "small.csv")
    try FileSystem.makeFolder(folder.place("stores"))
    return folder
  }

  private static func words(_ name: String) -> [String] { ["import", name, "--output", "stores/m.h5"] }

  /// What is resident of a process at most, in KiB; nil once it has ended.
  private func peakKibibytes(_ process: pid_t) -> Int? {
    guard let status = try? FileSystem.read("/proc/\(process)/status") else { return nil }
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) }
  }

  /// Whether a process has the file open in which sessions are set aside.
  private func isSettingAside(_ process: pid_t) -> Bool {
    let folder = "/proc/\(process)/fd"
    return (try? FileSystem.names(inFolder: folder))?.contains { name in
      var link = [CChar](repeating: 0, count: 4096)
      let count = readlink(folder + "/" + name, &link, link.count)
      let file = String(decoding: link[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // Without a name, where the file system can do that, or with one that is taken away.
      return file.contains("/stores/#") || file.contains(".strikeforge-import-")
    } ?? false
  }

  @Test func manySessionsNeedLittleMemory() throws {
    let folder = try place()
    let program = try Program.strikeforge.start(Self.words("large.csv"), in: folder.path)
    var peak = 0
    _ = try program.wait {
      peak = max(peak, peakKibibytes(program.process) ?? 0)
      return false
    }
    let outcome = try program.wait()
    #expect(outcome.exitCode == 0, "\(outcome)")
    #expect(outcome.output.contains(" \(Self.rowCount) quotes"), "\(outcome.output)")
    #expect((4 << 10...256 << 10).contains(peak), "\(peak) KiB")
    let store = try MarketStoreFile(folder.place("stores/m.h5"))
    // Half days have rows after their close too, which are kept apart.
    #expect(store.chains.map { $0.sessions.count { !$0.isExtendedHours } } == [1100])
    #expect(folder.names(in: "stores") == ["m.h5"])
  }

  /// Whatever ends an import, the store before it is there, and nothing that was set aside is left.
  @Test func aKilledImportLeavesNothingBehind() throws {
    let folder = try place()
    #expect(try Program.strikeforge.run(Self.words("small.csv"), in: folder.path).exitCode == 0)
    let before = try FileSystem.read(folder.place("stores/m.h5"))
    let program = try Program.strikeforge.start(Self.words("large.csv"), in: folder.path, isIdle: true)
    try #require(try program.wait { isSettingAside(program.process) })
    program.send(SIGKILL)
    #expect(try program.wait().signal == SIGKILL)
    #expect(folder.names(in: "stores") == ["m.h5"])
    #expect(try FileSystem.read(folder.place("stores/m.h5")) == before)
    let again = try Program.strikeforge.run(Self.words("small.csv"), in: folder.path)
    #expect(again.exitCode == 0 && folder.names(in: "stores") == ["m.h5"], "\(again)")
  }

  @Test(arguments: Shortage.possible) func aDiskWithoutRoomIsNamed(_ shortage: Shortage) throws {
    let folder = try place()
    let disk = shortage == .fullDisk ? try SmallDisk(over: folder.place("stores"), mebibytes: 8) : nil
    #expect(try Program.strikeforge.run(Self.words("small.csv"), in: folder.path).exitCode == 0)
    let before = try FileSystem.read(folder.place("stores/m.h5"))
    let outcome = try Program.strikeforge.run(
      Self.words("large.csv"), in: folder.path, fileLimitBytes: disk == nil ? 4 << 20 : nil)
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    for piece in ["stores", shortage.words.reason, shortage.words.remedy] {
      #expect(outcome.errors.contains(piece), "\(outcome)")
    }
    #expect(folder.names(in: "stores") == ["m.h5"])
    #expect(try FileSystem.read(folder.place("stores/m.h5")) == before)
    withExtendedLifetime(disk) {}
  }
}
