package foreign

import (
	"context"

	"github.com/idemgen/idemgen/generator/testdata/faults/foreign/lib"
)

//idem:task key=ID
type Result struct{ ID int }

func (Result) Run(context.Context) (r lib.Public, err error) { return }

//idem:task key=ID
type Promoted struct {
	lib.Base
	ID int
}

//idem:task key=Stamp
type Key struct{ Stamp lib.Alias }

//idem:task key=Stamp
type KeyHolder struct{ lib.Holder }
