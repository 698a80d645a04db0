import Testing

@Test func placeholderEnvironments() {}
