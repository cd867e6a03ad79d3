package names

type IdempotentInTest struct{}

//idem:task key=ID wrapper=Wrapped
type inTest struct{ ID int }
