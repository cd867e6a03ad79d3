// Package unicode has names in several scripts.
package unicode

import "context"

// Größe is a task.
//
//idem:task key=Straße,宽 on-duplicate=return-cached
type Größe struct {
	Straße string
	宽      int
}

// Run runs.
func (g Größe) Run(context.Context) (int, error) { return g.宽, nil }

//idem:task key=ID
type 任务 struct{ ID int }

func (t 任务) Run(context.Context) error { return nil }
