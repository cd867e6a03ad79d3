package names

import IdempotentImported "context"

//idem:task key=ID
type Order struct{ ID int }

type IdempotentOrder struct{}

//idem:task key=ID wrapper=Wrapped
type First struct{ ID int }

//idem:task key=ID wrapper=Wrapped
type Second struct{ ID int }

func NewIdempotentThird() {}

//idem:task key=ID
type Third struct{ ID int }

//idem:task key=ID
type Imported struct{ ID int }

func (Imported) Run(IdempotentImported.Context) error { return nil }

//idem:task key=ID name=shop.same
type SameName struct{ ID int }

//idem:task key=ID name=shop.same prefix=other
type OtherPrefix struct{ ID int }

//idem:task key=ID
type Redeclared struct{ ID int }

//idem:task key=ID
type Redeclared struct{ Other int }

//idem:task key=ID
type InTest struct{ ID int }

//idem:task key=Id name=shop.same
type Faulty struct{ ID int }

//idem:task key=ID name=shop.sameUnprefixed
type Unprefixed struct{ ID int }

//idem:task key=ID name=shop.sameUnprefixed prefix=idempotency
type DefaultPrefix struct{ ID int }
