// benchmark peers: other trainers at the same work, in turn with ours.

import Storage
import Text

/// Checks the words, then becomes `benchmarks/compare-peers`, which fetches the peers' packages where they are missing.
enum PeersVerb {
  static func run(_ words: [String]) throws(BenchmarkError) {
    let arguments = try Arguments(
      words, values: ["shapes", "peers", "lanes", "pairs", "seconds", "core", "require", "json", "proofs"],
      switches: ["best-lanes", "quick", "write-reference"])
    _ = try arguments.count("pairs", limit: 1000)
    if let text = arguments.value("seconds"), !(Double(text).map { $0 > 0 && $0 <= 60 } ?? false) {
      throw .usage("--seconds is \(text); it must be a number above 0 and at most 60")
    }
    let script = try PeersScript("compare-peers")
    try requireKnown(arguments, in: script.root)
    try script.become(words)
  }

  /// Shapes and peers stand in one file that the script reads too.
  private static func requireKnown(_ arguments: Arguments, in root: String) throws(BenchmarkError) {
    let path = root + "/benchmarks/peers/shapes.json"
    let shapes: [JSON]
    do {
      shapes = try JSON.parse(FileSystem.read(path)).arrayValue ?? []
    } catch {
      throw .failed("\(path): \(error)")
    }
    var peers: [String] = []
    for peer in shapes.flatMap({ $0["peers"]?.arrayValue ?? [] }).compactMap(\.stringValue) where !peers.contains(peer)
    {
      peers.append(peer)
    }
    try PeersScript.requireKnown("shapes", arguments, among: shapes.compactMap { $0["name"]?.stringValue })
    try PeersScript.requireKnown("peers", arguments, among: peers)
  }
}
