// The beginning of every new run: its folder, and what lies in it before the first step.

private import Algorithms
import Text

package enum RunStart {
  /// Makes and locks the folder of a new run, with the whole configuration, the command that started it and the manifest.
  ///
  /// `run`: see `RunDirectory.path`; without it the model's name, and without one a number behind algorithm and environment. `command`: the
  /// words as they were typed.
  package static func makeFolder(
    _ layers: ConfigurationLayers, factory: EnvironmentFactory, run: String?, command: [String]
  ) throws(TrainingError) -> RunDirectory {
    let configuration = layers.configuration
    let directory = try RunDirectory.create(
      run: run ?? configuration.run.modelName,
      prefix: "\(configuration.algorithm.rawValue)-\(configuration.world.name)")
    try directory.write(configuration.json.prettyText + "\n", to: "config.json")
    try directory.write(layers.yamlText, to: "config.yaml")
    try directory.write(command.map(CommandText.quoted).joined(separator: " ") + "\n", to: "command.txt")
    let modelName = configuration.run.modelName.isEmpty ? directory.name : configuration.run.modelName
    let manifest = RunNotes.manifest(configuration, factory: factory, modelName: modelName)
    try directory.write(manifest.prettyText + "\n", to: "manifest.json")
    return directory
  }
}
