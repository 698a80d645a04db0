// Both programs of the product by one build: `swift build -c release --target Programs`. Whoever may import a program has it linked.

private import strikeforge
private import strikeforge_serve
