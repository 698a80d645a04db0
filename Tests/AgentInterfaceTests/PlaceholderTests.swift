import Testing

@Test func placeholderAgentInterface() {}
