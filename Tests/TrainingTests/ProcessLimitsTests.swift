// Limits of this process and of its control groups.

import Kernels
import RunSupport
import Storage
import TestSupport
import Testing

@testable import Training

@Suite struct ProcessLimitsTests {
  // MARK: Control groups

  /// What a kernel would show below a folder: files by their paths.
  private func groups(_ files: [String: String]) throws -> ControlGroups {
    try withScratchFolder { scratch in
      for (path, text) in files {
        try FileSystem.makeFolder(FileSystem.split(scratch + path).folder)
        try AtomicWrite.write(text: text, to: scratch + path)
      }
      return ControlGroups(root: scratch)
    }
  }

  @Test func theSmallestLimitOnTheWayUpCounts() throws {
    let tree = "/sys/fs/cgroup"
    let found = try groups([
      "/proc/self/cgroup": "0::/batch/job/step\n",
      tree + "/batch/job/step/memory.max": "max\n", tree + "/batch/job/memory.max": "2147483648\n",
      tree + "/batch/memory.max": "1073741824\n",
      tree + "/batch/job/step/cpu.max": "max 100000\n", tree + "/batch/job/cpu.max": "250000 100000\n",
      tree + "/batch/cpu.max": "800000 100000\n",
      tree + "/batch/job/step/pids.max": "50\n", tree + "/batch/job/step/pids.current": "3\n",
      tree + "/batch/pids.max": "100\n", tree + "/batch/pids.current": "99\n",
    ])
    #expect(found.memoryBytes == 0x1p30 && found.processors == 2.5)
    #expect(
      found.tasks?.limit == 100 && found.tasks?.left == 1 && found.tasks?.file.hasSuffix("/batch/pids.max") == true)
  }

  @Test func theFirstVersionToo() throws {
    let tree = "/sys/fs/cgroup"
    let found = try groups([
      "/proc/self/cgroup": "9:memory:/a/b\n5:cpu,cpuacct:/a/b\n3:pids:/a\n0::/\n",
      tree + "/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
      tree + "/memory/a/memory.limit_in_bytes": "536870912\n",
      tree + "/cpu/a/b/cpu.cfs_quota_us": "-1\n", tree + "/cpu/a/b/cpu.cfs_period_us": "100000\n",
      tree + "/cpu/a/cpu.cfs_quota_us": "50000\n", tree + "/cpu/a/cpu.cfs_period_us": "100000\n",
      tree + "/pids/a/pids.max": "7\n", tree + "/pids/a/pids.current": "9\n",
    ])
    #expect(found.memoryBytes == 536_870_912 && found.processors == 0.5 && found.tasks?.left == 0)
    // Inside a container its own group may be the root of what is there.
    let inside = try groups([
      "/proc/self/cgroup": "4:memory:/docker/0123\n", tree + "/memory/memory.limit_in_bytes": "1000000\n",
    ])
    #expect(inside.memoryBytes == 1_000_000 && inside.processors == nil && inside.tasks == nil)
  }

  @Test(arguments: ["", "max", "-1", "nan", "inf", "1e30", "99999999999999999999", "1 2 3", "\u{0}"])
  func whatIsNoNumberIsNoLimit(_ text: String) throws {
    let tree = "/sys/fs/cgroup"
    let found = try groups([
      "/proc/self/cgroup": "0::/../..\n::\nnonsense\n", tree + "/memory.max": text == "1 2 3" ? "" : text,
      tree + "/cpu.max": text, tree + "/pids.max": text == "1 2 3" ? "" : text,
    ])
    #expect(found == ControlGroups(root: "/nowhere"))
  }

  @Test func processorsAreAtLeastOneAndNoMoreThanThereAre() {
    let all = WorkerPool.availableProcessors
    for (share, count) in [(nil, all), (0.01, 1), (0.5, 1), (1, 1), (1e9, all)] as [(Double?, Int)] {
      #expect(ProcessLimits.processors(share) == count)
    }
  }

  // MARK: Workers

  @Test func workersFitTheAddressSpace() throws {
    func workers(_ leftMebibytes: Int, planned: Double = 0) throws -> Int {
      try ProcessLimits.workers(
        upTo: 4, plannedBytes: planned, in: .init(limitBytes: (1000 + leftMebibytes) << 20, usedBytes: 1000 << 20))
    }
    #expect(try workers(10_000) == 4 && workers(64 + 2 * 136) == 2 && workers(64 + 2 * 136 - 1) == 1)
    #expect(try workers(10_000, planned: 9000 * 0x1p20) == 4 && workers(10_000, planned: 9700 * 0x1p20) == 1)
    for (left, planned) in [(199, 0), (0, 0), (-500, 0), (10_000, 1e300), (10_000, .infinity)] as [(Int, Double)] {
      let error = try #require(trainingError { _ = try workers(left, planned: planned) })
      #expect(error.exitCode == 1 && error.description.contains("ulimit -v \((1000 + left) << 10)"), "\(error)")
    }
    #expect(try ProcessLimits.workers(upTo: 3, in: .init(limitBytes: nil, usedBytes: 1 << 40)) == 3)
  }

  @Test func fewerWorkersAreTold() throws {
    let groups = ControlGroups(root: "/nowhere")
    #expect(ProcessLimits.note(wanted: 4, room: 4, started: 4, groups: groups) == nil)
    for room in [3, 16] {
      let note = try #require(ProcessLimits.note(wanted: 16, room: room, started: 3, groups: groups))
      #expect(note.contains("3 of 16 workers") && note.contains("run.workers=3"))
      #expect(note.contains("address space") == (room == 3), "\(note)")
    }
  }
}
