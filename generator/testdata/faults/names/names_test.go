package names

type IdempotentInTest struct{}
