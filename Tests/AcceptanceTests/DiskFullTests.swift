// Where nothing more can be written, the program says so in one sentence; what was there is whole, and goes on when there is room again.

import Glibc
import Market
import Storage
import TestSupport
import Testing

/// What keeps a program from writing.
enum Shortage: String, Sendable, CaseIterable, CustomTestStringConvertible {
  /// A small file system in memory, filled to the brim. Only root may make one.
  case fullDisk
  /// A limit on the size of files, as `ulimit -f` sets it.
  case fileSizeLimit

  var testDescription: String { rawValue }

  /// What the operating system calls it, and what to do.
  var words: (reason: String, remedy: String) {
    switch self {
    case .fullDisk: ("No space left on device", "free some space")
    case .fileSizeLimit: ("File too large", "ulimit -f")
    }
  }

  static var possible: [Shortage] { getuid() == 0 && SmallDisk.isAllowed ? allCases : [.fileSizeLimit] }
}

/// A file system of a few MiB in memory, mounted over a folder.
final class SmallDisk {
  private let folder: String
  private var ballast: String { folder + "/ballast" }

  init(over folder: String, mebibytes: Int) throws {
    self.folder = folder
    guard mount("tmpfs", folder, "tmpfs", 0, "size=\(mebibytes)m") == 0 else {
      throw SystemError(action: "mount a small file system", code: errno)
    }
  }

  deinit { umount2(folder, Int32(MNT_DETACH)) }

  /// Whether this process may mount, which containers often forbid.
  static let isAllowed: Bool = {
    guard let folder = try? TemporaryFolder(), (try? SmallDisk(over: folder.path, mebibytes: 1)) != nil else {
      return false
    }
    return true
  }()

  /// Fills it until nothing but `leaving` bytes is left.
  func fill(leaving bytes: Int = 0) throws {
    let descriptor = open(ballast, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SystemError(action: "open the ballast", code: errno) }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 1, count: 4096)
    var size = 0
    while write(descriptor, block, block.count) == block.count { size += block.count }
    guard ftruncate(descriptor, off_t(max(0, size - bytes))) == 0 else {
      throw SystemError(action: "shorten the ballast", code: errno)
    }
  }

  func free() { unlink(ballast) }
}

@Suite struct DiskFullTests {
  /// The run's folder is `disk/run`: what is beside it is not on the small disk.
  private static func words(_ settings: [String]) -> [String] {
    ["train", "--config", "run.yaml", "--run", "disk/run"] + settings.flatMap { ["--set", $0] }
  }
  private static let configuration = Workplace.planted("cue", algorithm: "ppo_lstm_mask")
  private static let mebibytes = 8
  private static let moments = ["checkpoint-": "a save", "replay.h5": "a replay block"]

  private func place(_ configuration: String) throws -> Workplace {
    let place = try Workplace()
    try place.folder.write(configuration, to: "run.yaml")
    try FileSystem.makeFolder(place.folder.place("disk"))
    return place
  }

  /// What a run of some settings leaves behind where there is room.
  private func reference(_ settings: [String], _ configuration: String) throws -> RunEnd {
    let place = try place(configuration)
    return try RunEnd(place, place.succeed(Self.words(settings)), folder: "disk/run")
  }

  /// One sentence that names the file, the reason and the remedy.
  private func expectRefusal(_ outcome: ProgramOutcome, file: String, _ shortage: Shortage) {
    #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome)")
    for piece in [file, shortage.words.reason, shortage.words.remedy] {
      #expect(outcome.errors.contains(piece), "\(outcome)")
    }
  }

  /// Stops a run in the middle by a shortage, looks at what is there, lifts the shortage, and resumes to the end.
  private func interrupt(
    _ settings: [String], afterRows rows: Int, leavingBytes: Int, limitBytes: (Workplace) throws -> Int,
    stopsAt file: String, configuration: String = DiskFullTests.configuration, _ shortage: Shortage
  ) throws {
    let expected = try reference(settings, configuration)
    let place = try place(configuration)
    let disk = shortage == .fullDisk ? try SmallDisk(over: place.folder.place("disk"), mebibytes: Self.mebibytes) : nil
    let program = try Program.strikeforge.start(Self.words(settings), in: place.folder.path, isIdle: true)
    _ = try program.wait {
      ((try? ProgressTable(place.folder.read("disk/run/progress.csv")).lines.count) ?? 0) >= rows
    }
    program.send(SIGSTOP)
    if let disk { try disk.fill(leaving: leavingBytes) } else { try program.limitFiles(toBytes: limitBytes(place)) }
    program.send(SIGCONT)
    expectRefusal(try program.wait(), file: file, shortage)

    let names = place.folder.names(in: "disk/run")
    #expect(!names.contains(where: AtomicWrite.isTemporary))
    let checkpoints = names.filter { $0.hasSuffix(".h5") && $0 != "replay.h5" }
    #expect(!checkpoints.isEmpty)
    for name in checkpoints { #expect(try place.checkpoint("disk/run/" + name).attributes["run"] == "run") }

    disk?.free()
    let outcome = try place.succeed(["train", "--resume", "disk/run"])
    let found = try RunEnd(place, outcome, folder: "disk/run")
    #expect(found.parameters == expected.parameters && found.rows == expected.rows && found.files == expected.files)
    #expect(found.checkpoints == expected.checkpoints)
    ProofTable.record(
      "damage: \(shortage == .fullDisk ? "full disk" : "file size limit") at \(Self.moments[file] ?? "a row")",
      figure: "exit 1, \(checkpoints.count) whole, same bits", threshold: "1 sentence, resumes", seeds: "5",
      holds: found.parameters == expected.parameters && found.checkpoints == expected.checkpoints)
    withExtendedLifetime(disk) {}
  }

  @Test(arguments: Shortage.possible) func whileSavingACheckpoint(_ shortage: Shortage) throws {
    // Room for rows, none for a checkpoint of some 200 KiB.
    try interrupt(
      [
        "run.total_timesteps=51200", "run.checkpoint_interval=512", "run.evaluation_interval=1000000",
        "network.lstm_hidden=64",
      ], afterRows: 20, leavingBytes: 65_536, limitBytes: { _ in 100_000 }, stopsAt: "checkpoint-", shortage)
  }

  /// Room for the few rows between two blocks, some 5 KiB, and for a checkpoint of 30; none for a block of 4096 transitions of some 90.
  @Test(arguments: Shortage.possible) func whileTheReplayGrows(_ shortage: Shortage) throws {
    try interrupt(
      [
        "run.total_timesteps=81920", "run.checkpoint_interval=20480", "run.evaluation_interval=1000000",
        "algorithm.buffer_size=65536", "algorithm.replay_memory_mib=0", "algorithm.log_interval=16",
      ], afterRows: 25, leavingBytes: 65_536, limitBytes: { _ in 100_000 },
      stopsAt: "replay.h5", configuration: Workplace.planted("cue", algorithm: "dqn_mask"), shortage)
  }

  @Test(arguments: Shortage.possible) func whileLoggingARow(_ shortage: Shortage) throws {
    // No checkpoint is due before the end, and rows come often.
    try interrupt(
      [
        "run.total_timesteps=409600", "run.checkpoint_interval=1000000", "run.evaluation_interval=1000000",
        "algorithm.epochs=1",
      ], afterRows: 20, leavingBytes: 0,
      limitBytes: { try $0.folder.bytes("disk/run/progress.csv").count + 1000 }, stopsAt: "disk/run/", shortage)
  }

  @Test(arguments: Shortage.possible) func whileImporting(_ shortage: Shortage) throws {
    let place = try Workplace()
    try place.importMarket()
    try FileSystem.makeFolder(place.folder.place("disk"))
    let disk = shortage == .fullDisk ? try SmallDisk(over: place.folder.place("disk"), mebibytes: 1) : nil
    let words = ["import", "AAA=AAA.csv", "BBB=BBB.csv", "--output", "disk/market.h5"]
    try place.succeed(words)
    let whole = try place.folder.bytes("disk/market.h5")
    try disk?.fill(leaving: 8192)
    let outcome = try Program.strikeforge.run(
      words, in: place.folder.path, fileLimitBytes: shortage == .fileSizeLimit ? 16_384 : nil)
    expectRefusal(outcome, file: "'disk/market.h5'", shortage)
    #expect(try place.folder.bytes("disk/market.h5") == whole)
    #expect(place.folder.names(in: "disk").filter { $0 != "ballast" } == ["market.h5"])
    disk?.free()
    try place.succeed(words)
    withExtendedLifetime(disk) {}
  }

  /// So many bars that an import sets them aside beside the store before it writes it.
  @Test(arguments: Shortage.possible) func whileBarsAreSetAside(_ shortage: Shortage) throws {
    let place = try Workplace()
    let bars = SyntheticTape.minutes(
      symbols: ["AAA"], sessions: 900, from: CalendarDate(daysSinceEpoch: 17_897), seed: 5)[0]
    var text = "timestamp,open,high,low,close,volume\n"
    for row in bars.starts.indices {
      text += "\(bars.starts[row]),\(bars.open[row]),\(bars.high[row]),\(bars.low[row]),\(bars.close[row]),"
      text += "\(Int(bars.volume[row]))\n"
    }
    try place.folder.write(text, to: "bars.csv")
    try FileSystem.makeFolder(place.folder.place("disk"))
    let disk = shortage == .fullDisk ? try SmallDisk(over: place.folder.place("disk"), mebibytes: 128) : nil
    try disk?.fill(leaving: 1 << 20)
    let words = ["import", "AAA=bars.csv", "--stamp", "start", "--output", "disk/market.h5"]
    let outcome = try Program.strikeforge.run(
      words, in: place.folder.path, fileLimitBytes: shortage == .fileSizeLimit ? 1 << 20 : nil)
    expectRefusal(outcome, file: "'disk'", shortage)
    #expect(place.folder.names(in: "disk").filter { $0 != "ballast" } == [])
    disk?.free()
    try place.succeed(words)
    #expect(place.folder.names(in: "disk") == ["market.h5"])
    let stored = try MarketStore.read(place.folder.place("disk/market.h5"))
    #expect(stored.series.map(\.starts) == [bars.starts])
    withExtendedLifetime(disk) {}
  }

  /// Where standard output is a file that may not grow, that is an error with a name and no silent death.
  @Test(arguments: [Program.strikeforge, .serve]) func standardOutputThatMayNotGrow(_ program: Program) throws {
    let place = try Workplace()
    let outcome = try program.run(
      ["--help"], in: place.folder.path, output: place.folder.place("out"), fileLimitBytes: 300)
    #expect(outcome.exitCode == 1 && outcome.signal == nil && outcome.errorLines.count == 1, "\(outcome)")
  }
}
