// A weekend between two hosts: the one that trains, and the one that has the data and serves, with rsync over ssh between them, as a user would write it
// into hooks, and a line that is cut in the middle.

import Glibc
import Kernels
import Storage
import TestSupport
import Testing

/// What lies between the two hosts.
enum HostLine: String, CaseIterable {
  /// Each host has a network of its own, and the line is taken down.
  case namespaces = "two network namespaces"
  /// Both are this machine, and the far end falls silent.
  case loopback = "loopback"

  /// Whether this machine has the tools, and lets a test have such a line.
  var isGranted: Bool {
    let script =
      switch self {
      case .namespaces: "command -v ip || exit 1; ip netns add \(asked) && ip netns del \(asked)"
      case .loopback: "true"
      }
    let tools = "for tool in sshd ssh ssh-keygen rsync; do command -v $tool || exit 1; done"
    return (try? TwoHosts.shell("\(tools); \(script)", in: "/"))?.exitCode == 0
  }

  private var asked: String { "sfasked\(getpid())" }

  /// Asked once, where the long tests are.
  static let granted: [HostLine] = SlowTests.areEnabled ? allCases.filter(\.isGranted) : []
}

/// A folder of each, a user's keys, and a line.
final class TwoHosts {
  let place: Workplace
  let line: HostLine
  /// Networks of the weekend's host and of the other, and the two ends of what joins them.
  private let (own, other) = ("sfown\(getpid())", "sfother\(getpid())")
  private let (near, far) = ("sfn\(getpid())", "sff\(getpid())")
  private let address: String
  private let port: Int

  fileprivate static func shell(_ script: String, in folder: String) throws -> ProgramOutcome {
    // Daemons and the tools of the network lie where not every user looks.
    try Program.start("/bin/sh", named: "sh", ["-c", "PATH=$PATH:/usr/sbin:/sbin; " + script], in: folder).wait()
  }

  @discardableResult
  func shell(_ script: String) throws -> ProgramOutcome {
    let outcome = try Self.shell(script, in: place.folder.path)
    try #require(outcome.exitCode == 0, "\(script)\n\(outcome)\n\(outcome.output)")
    return outcome
  }

  init(_ place: Workplace, _ line: HostLine) throws {
    self.place = place
    self.line = line
    (address, port) = line == .namespaces ? ("10.213.0.2", 22) : ("127.0.0.1", try Self.freePort())
    let folder = place.folder.path
    try place.folder.write(
      """
      ListenAddress \(address)
      Port \(port)
      HostKey \(folder)/keys/host
      AuthorizedKeysFile \(folder)/keys/user.pub
      PidFile \(folder)/keys/sshd.pid
      StrictModes no
      UsePAM no
      PasswordAuthentication no

      """, to: "sshd.conf")
    let known = line == .namespaces ? address : "[\(address)]:\(port)"
    try shell(
      """
      set -e
      mkdir -p keys host/vendor host/serving
      mkdir -p /run/sshd || true
      for name in host user; do ssh-keygen -q -t ed25519 -N '' -f keys/$name; done
      echo "\(known) $(cut -d' ' -f1,2 keys/host.pub)" > keys/known
      """)
    guard line == .namespaces else { return }
    try shell(
      """
      set -e
      ip netns add \(own); ip netns add \(other)
      ip link add \(near) netns \(own) type veth peer name \(far) netns \(other)
      ip -n \(own) addr add 10.213.0.1/30 dev \(near); ip -n \(other) addr add \(address)/30 dev \(far)
      ip -n \(own) link set \(near) up; ip -n \(other) link set \(far) up
      """)
  }

  deinit {
    let networks = line == .namespaces ? "; ip netns del \(own); ip netns del \(other)" : ""
    _ = try? Self.shell("test ! -e keys/sshd.pid || kill $(cat keys/sshd.pid)\(networks)", in: place.folder.path)
  }

  /// One that nobody listens at now.
  private static func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard isBound else { throw SystemError(action: "find a free port", code: errno) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// Nothing comes through any more, and nobody is told; or everything again.
  func set(isUp: Bool) throws {
    switch line {
    case .namespaces: try shell("ip -n \(other) link set \(far) \(isUp ? "up" : "down")")
    case .loopback:
      // The far end with all that serves one connection. Some of it may end meanwhile.
      try shell(
        """
        tell() { kill -s $1 $2; for child in $(cat /proc/$2/task/$2/children); do tell $1 $child; done; }
        tell \(isUp ? "CONT" : "STOP") $(cat keys/sshd.pid) 2> told || true
        """)
    }
  }

  /// How the weekend's host reaches the other.
  private var ssh: String {
    "ssh -o Port=\(port) -i keys/user -o UserKnownHostsFile=keys/known -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=2 -o ServerAliveCountMax=3"
  }

  /// The first try to fetch crawls, so that there is a while to cut it in, however late who cuts is.
  var hooks: String {
    let folder = place.folder.path
    let sshd = ["/usr/sbin/sshd", "-f", "\(folder)/sshd.conf"]
    let before = ((line == .namespaces ? ["ip", "netns", "exec", other] : []) + sshd).joined(separator: ", ")
    let ready = ssh.split(separator: " ").joined(separator: ", ")
    return """
      hooks:
        before: [\(before)]
        ready: {command: [\(ready), \(address), "true"], limit_seconds: 60, retries: 20, wait_seconds: 0.1}
        fetch:
          command: [sh, -c, "exec rsync -a --checksum --partial --stats --bwlimit=$(test -e mended && echo 0 || echo 1m) --rsh '\(ssh)' \(address):\(folder)/host/vendor/ arrived/"]
          retries: 10
          wait_seconds: 0.2
        send:
          command: [sh, -c, "for rest in --exclude=aliases.json ''; do rsync -a --checksum $rest --rsh '\(ssh)' registry/ \(address):\(folder)/host/serving/ || exit 1; done"]
          retries: 3
        always: [sh, -c, "test ! -e keys/sshd.pid || kill $(cat keys/sshd.pid)"]

      """
  }

  /// Begins the weekend on its own host.
  func retrain() throws -> RunningProgram {
    let host = line == .namespaces ? "ip netns exec \(own) " : ""
    return try Program.start(
      "/bin/sh", named: "sh",
      ["-c", "PATH=$PATH:/usr/sbin:/sbin; exec \(host)\(Program.strikeforge.path) retrain plan.yaml"],
      in: place.folder.path)
  }
}

@Suite(.serialized) struct RetrainHostsTests {
  @Test(
    .enabled(if: SlowTests.areEnabled, "long: set STRIKEFORGE_SLOW=1"),
    .enabled(
      if: SlowTests.areEnabled && !HostLine.granted.isEmpty,
      "two hosts need openssh-server, openssh-client and rsync: install the packages"), arguments: HostLine.granted)
  func aCutLineIsGoneOnWithAndWhatArrivesIsWhatWasSent(_ line: HostLine) throws {
    let small = try RetrainPlace()
    let folder = small.folder
    let hosts = try TwoHosts(small.place, line)
    var stream = RandomStream(seed: 24, purpose: .mutation)
    // No part of it is like another, so that what is found again had arrived.
    try folder.write((0..<24 << 20).map { _ in UInt8(truncatingIfNeeded: stream.next()) }, to: "vendor/ballast")
    try hosts.shell("mv vendor/* host/vendor/")
    let plan = RetrainPlace.plan(hooks: hosts.hooks, seeds: "[1]")
      .replacing("inbox: vendor, ", with: "").replacing(", outbox: serving", with: "")
    try folder.write(plan, to: "plan.yaml")
    let weekend = try hosts.retrain()
    // Cut while the file arrives under a name of its own, and mended once the far end is given up.
    let isArriving = try weekend.wait {
      folder.names(in: "arrived").contains { name in
        name.hasPrefix(".ballast.") && ((try? folder.bytes("arrived/" + name).count) ?? 0) > 2 << 20
      }
    }
    try #require(isArriving, "\(weekend.output)")
    try hosts.set(isUp: false)
    try folder.write("", to: "mended")
    let isKept = try weekend.wait { folder.exists("arrived/ballast") }
    try hosts.set(isUp: true)
    let outcome = try weekend.wait()
    #expect(outcome.exitCode == 0 && isKept, "\(outcome)\n\(outcome.output)")
    #expect(outcome.output.contains("hook fetch: done after "), "\(outcome.output)")
    // What had arrived was not sent again.
    let said = try folder.read("weekends/small/0001/hooks/fetch.txt")
    let matched = said.split(separator: "\n").first { $0.hasPrefix("Matched data: ") } ?? ""
    let bytes = Int(matched.filter(\.isNumber)) ?? 0
    #expect(bytes >= 1 << 20 && bytes < 24 << 20, "\(said)")
    for name in ["ballast", "bars.csv"] {
      let isSame = try folder.bytes("arrived/" + name) == folder.bytes("host/vendor/" + name)
      #expect(isSame, "\(name)")
    }
    let (here, there) = (
      try small.publication(as: "challenger"), try small.publication(as: "challenger", in: "host/serving")
    )
    #expect(here == there && !here.isEmpty)
    let (incurred, paid) = try small.debts()
    #expect(incurred.count == 1 && incurred == paid)
    // The far end, told to end, does.
    for _ in 0..<60_000 where folder.exists("keys/sshd.pid") { usleep(1000) }
    #expect(!folder.exists("keys/sshd.pid"))
    ProofTable.record(
      "retrain: bytes of 25,165,824 that a line between two hosts (\(line.rawValue)), cut and mended, did not carry twice",
      figure: "\(bytes)", threshold: ">= 1048576, and every file as it was sent", seeds: "24",
      holds: bytes >= 1 << 20 && here == there)
  }
}
