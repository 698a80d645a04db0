import Testing

@Test func placeholderInference() {}
