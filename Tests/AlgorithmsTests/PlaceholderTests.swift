import Testing

@Test func placeholderAlgorithms() {}
