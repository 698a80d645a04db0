import Testing

@Test func placeholderTrading() {}
