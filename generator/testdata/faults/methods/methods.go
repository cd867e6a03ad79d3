package methods

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
)

//idem:task key=ID
type NoContext struct{ ID int }

func (NoContext) Run() error { return nil }

//idem:task key=ID
type NoError struct{ ID int }

func (*NoError) Run(ctx context.Context) int { return 0 }

//idem:task key=ID
type Three struct{ ID int }

func (Three) Run(ctx context.Context) (int, string, error) { return 0, "", nil }

//idem:task key=ID
type Variadic struct{ ID int }

func (Variadic) Run(ctx ...context.Context) error { return nil }

//idem:task key=ID method=Charge
type NoMethod struct{ ID int }

func (NoMethod) Chrage(context.Context) error { return nil }

//idem:task key=ID method=Do
type Field struct {
	ID int
	Do func(context.Context) error
}

type Base struct{}

func (Base) Run() {}

//idem:task key=ID method=Run
type Promoted struct {
	Base
	ID int
}

//idem:task key=ID method=Lookup
type Taken struct{ ID int }

func (Taken) Lookup(context.Context) error { return nil }

//idem:task key=ID
type Locked struct {
	ID int
	mu sync.Mutex
}

func (Locked) Run(context.Context) error { return nil }

type stats struct{ calls [2]atomic.Int64 }

//idem:task key=ID
type LockedDeep struct {
	ID    int
	stats stats
}

//idem:task key=ID
type LockedByPointer struct {
	ID int
	mu *sync.Mutex
	wg sync.WaitGroup
}

func (*LockedByPointer) Run(context.Context) error { return nil }

//idem:task key=ID
type UnknownResult struct{ ID int }

func (UnknownResult) Run(context.Context) (Undefined, error) { return nil, nil }

//idem:task key=ID
type Hidden struct{ ID int }

func (Hidden) Run(context.Context) (struct{ http.Server }, error) { panic(0) }

//idem:task key=ID
type HiddenResult struct{ hider }

type hider struct{ ID int }

func (hider) Run(context.Context) (local, error) { panic(0) }

type local = struct{ http.Handler }

//idem:task key=Id match=Total codec=gob
type Several struct {
	ID int
	mu sync.Mutex
}

func (*Several) Run() {}

type guarded struct {
	N  int
	mu sync.Mutex `idem:"-"`
}

//idem:task key=ID
type LockedResult struct{ ID int }

func (LockedResult) Run(context.Context) (guarded, error) { return guarded{}, nil }

//idem:task key=guarded,list,pointers,method()
type LockedOutput struct {
	guarded  guarded
	list     [2]guarded
	pointers []*guarded
	out      guarded `idem:"out"`
}

func (*LockedOutput) method() guarded           { return guarded{} }
func (*LockedOutput) Run(context.Context) error { return nil }
