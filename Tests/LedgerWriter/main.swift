// Appends lines to a log as a process of its own, for the test that lets many do so at once: ledger-writer LOG NAME COUNT.

import Storage
import Text

let words = try ProcessWords.own()
guard words.count == 3, let count = Int(words[2]) else { fatalError("usage: ledger-writer LOG NAME COUNT") }
for line in 0..<count { try ChainedLog.append(["name": .string("\(words[1])-\(line)")], to: words[0]) }
