// The door of the training program: which environments and algorithms there are.

import Training
import Workstation

@main
struct Main {
  static func main() { Workstation(families: .product).main() }
}
