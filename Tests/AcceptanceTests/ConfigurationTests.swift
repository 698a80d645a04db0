// What a user asks of a run in files and flags, from outside; and that no program starts beside a secret.

import TestSupport
import Testing
import Text

@Suite struct ConfigurationTests {
  /// The command line that users of such trainers know: the run, its record and its bundle carry what it says.
  @Test func flagsStartANamedRun() throws {
    let place = try Workplace()
    try place.importMarket()
    try place.folder.write(Workplace.market, to: "base.yaml")
    try place.folder.write(
      "base: base.yaml\nrun: {checkpoint_interval: 100000}\nalgorithm: {gamma: 0.5}\n", to: "overlay.yaml")
    let flags = [
      "--config", "overlay.yaml", "--symbols", "BBB,AAA", "--timesteps", "2000", "--model-name", "momentum_v3_lstm",
      "--intraday-days", "60", "--learning-rate", "3e-5", "--ent-coef", "0.08", "--gamma", "0.92", "--n-steps", "64",
      "--policy", "lstm", "--mask=on",
    ]
    let dump = try place.succeed(["train", "--dump-config"] + flags)
    for line in [
      "gamma: 0.92  # --gamma", "checkpoint_interval: 100000  # overlay.yaml", "lanes: 16  # base.yaml",
      "horizon: 64  # --n-steps", "epochs: 2  # base.yaml", "clip_range: 0.2",
    ] {
      #expect(dump.lines.contains("  " + line), "\(line)")
    }
    #expect(!place.folder.exists("checkpoints"), "a dump trains nothing")

    let training = try place.succeed(["train"] + flags)
    #expect(training.output.hasPrefix(dump.output))
    #expect(training.output.contains("run folder: checkpoints/momentum_v3_lstm"))
    #expect(training.output.contains("2,048 in 2 rollouts of 64 x 16 lanes (2,000 rounded up"))
    #expect(training.output.contains("1 / (1 - gamma) = 12.50 bars"))
    #expect(training.output.contains("training window: 2002-10-07 to 2002-12-31, 60 bars, passed 34.13 times"))
    #expect(try place.folder.read(place.file("momentum_v3_lstm", "config.yaml")) == dump.output)
    let manifest = try JSON.parse(place.folder.read(place.file("momentum_v3_lstm", "manifest.json")))
    #expect(manifest["model_name"]?.stringValue == "momentum_v3_lstm")
    try place.succeed(["export", "momentum_v3_lstm"])
    let bundle = try place.succeed(["inspect", place.file("momentum_v3_lstm", "policy.safetensors")])
    for word in ["momentum_v3_lstm", "ppo_lstm_mask", "LSTM of 8 units", "data_fingerprint", "\"gamma\":0.92"] {
      #expect(bundle.output.contains(word), "\(word)")
    }
    // The dump is a configuration: it trains the same parameters.
    let again = try place.succeed([
      "train", "--config", place.file("momentum_v3_lstm", "config.yaml"), "--run", "again",
    ])
    #expect(again.parameters != nil && again.parameters == training.parameters)
  }

  @Test(arguments: [
    (["--gamma", "1.5"], 1, "--gamma: 'algorithm.gamma' is 1.5 but must be a number from 0.0 to 1.0"),
    (["--gama", "0.9"], 64, "unknown flag --gama; did you mean --gamma?"),
    (["--human-impulse"], 64, "unknown flag --human-impulse"),
    (
      ["--data-source", "massive"], 2,
      "environment.data_source is massive, but AAA in market.h5 was imported from plain"
    ),
    (["--data-source", "bloomberg"], 1, "environment.data_source"),
    (["--symbols", "AAA,CCC"], 1, "environment.assets names CCC, but market.h5 holds AAA, BBB"),
    (["--intraday-days", "600"], 1, "split.training_sessions asks for 600 sessions"),
    (["--intraday-days", "20"], 1, "the training window holds 20 bars"),
    (["--model-name", "a/b"], 1, "--model-name: 'run.model_name' is \"a/b\" but must be a name"),
    (["--gamma", "0.9", "--gamma", "0.8"], 64, "--gamma stands twice"),
    (["--resume", "x", "--gamma", "0.9"], 64, "--gamma cannot go with --resume"),
  ])
  func wrongFlagsAreNamed(words: [String], code: Int, sentence: String) throws {
    let place = try Workplace()
    try place.importMarket()
    try place.folder.write(Workplace.market, to: "run.yaml")
    let base = words.contains("--resume") ? [] : ["--config", "run.yaml"]
    let outcome = try place.strikeforge(["train"] + base + words)
    #expect(outcome.exitCode == Int32(code) && outcome.errors.contains(sentence), "\(outcome)")
    #expect(outcome.output.isEmpty && !place.folder.exists("checkpoints"))
  }

  /// The switch by which one machine computes what another class of machine would: a word that is none stops the program.
  @Test func theInstructionSetCanBeHeldDown() throws {
    let place = try Workplace()
    func train(_ run: String, _ level: String) throws -> ProgramOutcome {
      try Program.strikeforge.run(
        ["train", "--run", run, "--set", "environment.name=cue", "--set", "run.kernels=fused", "--timesteps", "1"],
        in: place.folder.path, environment: ["STRIKEFORGE_INSTRUCTION_SET": level])
    }
    let refused = try train("none", "avx9")
    #expect(refused.exitCode == 64, "\(refused)")
    for word in ["STRIKEFORGE_INSTRUCTION_SET", "baseline, v3, v4", "unset it"] {
      #expect(refused.errors.contains(word), "\(refused.errors)")
    }
    for (program, words) in [(Program.serve, ["--help"]), (.benchmark, ["--quick", "--subjects", "sgemm"])] {
      let outcome = try program.run(
        words, in: place.folder.path, environment: ["STRIKEFORGE_INSTRUCTION_SET": "avx9"])
      #expect(outcome.exitCode == 64 && outcome.output.isEmpty && outcome.errorLines.count == 1, "\(outcome)")
      #expect(outcome.errors.contains("baseline, v3, v4"), "\(outcome)")
    }
    let held = try train("held", "baseline")
    #expect(held.exitCode == 0, "\(held)")
    #expect(held.output.contains("products: own kernels baseline, twin checked\n"), "\(held)")
  }

  /// The value of the secret appears nowhere, and what the sentence offers lets the program start.
  @Test(arguments: [Program.strikeforge, .serve]) func secretsInTheEnvironmentAreRefused(program: Program) throws {
    for words in [["--help"], ["list"], ["once", "--policy", "x"], ["train", "--set", "environment.name=cue"]] {
      let place = try Workplace()
      let outcome = try program.run(
        words, in: place.folder.path,
        environment: ["TWSPASSWORD": "hunter2", "GITHUB_TOKEN": "x", "TWS_PASSWORD_FILE": "/run/secrets/tws"])
      #expect(outcome.exitCode == 2 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.errorLines.count == 1 && outcome.errors.contains("SecurityError"), "\(outcome)")
      #expect(outcome.errors.contains("GITHUB_TOKEN, TWSPASSWORD are named") && !outcome.errors.contains("hunter2"))
      #expect(!outcome.errors.contains("TWS_PASSWORD_FILE"))
      #expect(place.folder.names(in: ".").isEmpty)
    }
    for environment in [
      ["TWS_PASSWORD_FILE": "/run/secrets/tws", "IB_PASSWORD": ""],
      ["CACHE_KEY": "x", "GITHUB_TOKEN": "x", "STRIKEFORGE_ALLOW_ENVIRONMENT": "CACHE_KEY,GITHUB_TOKEN"],
    ] {
      let outcome = try program.run(["--help"], environment: environment)
      #expect(outcome.exitCode == 0, "\(outcome)")
    }
  }
}
