package main

import (
	"context"
)

// idemgen as its README shows it, nothing set but what a duplicate gets.
var idemgen = contestant{
	name: "idemgen",
	role: subject,
	does: traits{
		First: 2, Duplicate: 1, Exclusive: "everywhere",
		WakeUp: "everywhere", Replay: true, Renewal: true, CompareAndSet: true, Fence: true,
	},
	open: func(addr string) (*runner, error) {
		p := newProcess(addr)
		task := newTask(p.idem, pay)
		return once(func(ctx context.Context, id string) (bool, error) {
			res, err := task.Run(ctx, charge{id})
			if err == nil && res.Value != paid {
				err = errWrongResult
			}
			return res.Duplicate, err
		}, p.close), nil
	},
}
