import Testing

@Test func placeholderNetworks() {}
