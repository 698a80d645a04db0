// The training program's only top-level code.

@main
struct Main {
  static func main() {}
}
