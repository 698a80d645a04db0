import Testing

@Test func placeholderMarket() {}
