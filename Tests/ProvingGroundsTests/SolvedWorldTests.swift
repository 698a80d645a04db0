// The worlds that several programs solve, as all of them read them.

import Algorithms
import Environments
import FoundationEssentials
import Inference
import Kernels
import ProvingGrounds
import Testing
import Text

@Suite struct SolvedWorldTests {
  private static func rows() throws -> [JSON] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try Data(contentsOf: root.appending(path: "benchmarks/peers/worlds.json"))
    return try JSON.parse(Array(text)).arrayValue ?? []
  }

  /// Every row can be learned, its steps are whole looks, and what it calls the optimum is what the world says of itself.
  @Test func everyWorldOfTheFileIsOurs() throws {
    let rows = try Self.rows()
    #expect(rows.compactMap { $0["name"]?.stringValue } == ["leak", "mean_reversion", "cartpole"])
    for row in rows {
      let world = try #require(SolvedWorld(row))
      let rollout = world.ground.laneCount * world.ground.configuration.stepsBetweenUpdates
      #expect(world.ground.timesteps % rollout == 0, "\(world.name)")
      let optimum = try #require(row["optimum"]?.doubleValue)
      let environment = try #require(world.ground.task.environment(laneCount: 1) as? any GameEnvironment)
      #expect(abs(optimum / (environment.optimumPerEpisode ?? 500) - 1) < 1e-6, "\(world.name)")
    }
    #expect(SolvedWorld(try JSON.parse(Array(#"{"name": "leak"}"#.utf8))) == nil)
  }

  /// An attempt that is looked at on the way learns what one does that nobody looks at.
  @Test func lookingChangesNothing() throws {
    let world = try #require(SolvedWorld(try Self.rows()[2]))
    let pool = WorkerPool(workerCount: 1)
    let attempt = ProvingAttempt(world.ground, seed: 3, timesteps: 1024, pool: pool)
    while !attempt.isOver {
      attempt.advance()
      _ = try world.ground.returns(of: attempt.policy, episodes: 2, seed: 3)
    }
    #expect(attempt.steps == 1024)
    let unseen = world.ground.train(seed: 3, timesteps: 1024, pool: pool)
    #expect(attempt.policy.parameters.map(\.bitPattern) == unseen.parameters.map(\.bitPattern))
  }

  /// The first steps of a market whose reward follows from what is seen.
  @Test func aTraceIsTheWorldsOwn() throws {
    let world = try #require(SolvedWorld(try Self.rows()[0]))
    var steps = 0
    world.trace(steps: 2048, seed: 1) { seen, action, reward, ended, next in
      steps += 1
      #expect(abs(reward - Float(action - 1) * seen[0]) < 1e-6 && ended == (steps % 1024 == 0))
      #expect(next[1] == (ended ? 0 : Float(action - 1)))
    }
    #expect(steps == 2048)
  }
}
