package tags

import "context"

//idem:task key=ID,Total match=Total
type Out struct {
	ID    int
	Total int `idem:"out"`
	_     int `idem:"out"`
	Typo  int `json:"x" idem:"output"`
	Odd   int `idem:""`
}

func (*Out) Run(context.Context) error { return nil }

//idem:task key=ID
type ByValue struct {
	ID    int
	Total int `idem:"out"`
}

func (ByValue) Run(context.Context) error { return nil }

//idem:task key=ID
type Returns struct {
	ID    int
	Total int `idem:"out"`
}

func (*Returns) Run(context.Context) (int, error) { return 0, nil }

//idem:task key=ID
type Handled struct {
	ID    int
	Total int `idem:"out"`
}

//idem:task key=Total match=all
type Nothing struct {
	Total int `idem:"-"`
}

type Base struct {
	Result string `idem:"out"`
}

//idem:task key=ID
type Embedding struct {
	*Base
	ID int
}

func (*Embedding) Run(context.Context) error { return nil }

//idem:task key=ID
type _ struct{ ID int }

//idem:task key=ID match=all
type Holder struct {
	ID  int
	pay *IdempotentOut
}
