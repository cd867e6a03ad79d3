package names

//idem:task key=ID name=shop.same
type Elsewhere struct{ ID int }

//idem:task key=ID
type InTest struct{ ID int }

type IdempotentDotted struct{}
