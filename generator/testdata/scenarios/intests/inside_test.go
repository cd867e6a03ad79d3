package intests

import "context"

//idem:task key=N
type inside struct{ Exported }

func (i inside) Run(context.Context) (Exported, error) { return i.Exported, nil }
