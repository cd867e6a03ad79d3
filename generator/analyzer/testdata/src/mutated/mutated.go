// Package mutated asks for keys of tasks, and changes the tasks.
package mutated

import (
	"context"

	"github.com/idemgen/idemgen/generator/analyzer/testdata/src/wrapped"
)

func pay(ctx context.Context, w *wrapped.IdempotentPay, p wrapped.Pay) {
	key, _ := w.Key(p)
	_ = key
	p.ID = 7 // want `p.ID changes between Key and Run, so that the key is that of another task`
	_, _ = w.Run(ctx, p)
	p.ID++
}

func count(ctx context.Context, w *wrapped.IdempotentPay) {
	p := wrapped.Pay{}
	p.ID++
	_, _ = w.Key(p)
	other := wrapped.Pay{}
	other.ID = 3
	_, _ = w.Run(ctx, p)
	_, _ = w.Key(p)
	p.ID = 4 //idem:direct the key was only logged
	_, _ = w.Run(ctx, p)
}

func plain(ctx context.Context, w *wrapped.IdempotentPlain[int], p wrapped.Plain) {
	_, _ = w.Key(p)
	(p).ID = 8 // want `p.ID changes between Key and Run`
	_, _ = w.Run(ctx, p)
}

func send(ctx context.Context, w *wrapped.Sending[int]) {
	s := wrapped.Send[int]{}
	_, _ = w.Key(&s)
	s.Note = "not in the key"
	s.ID = 8 // want `s.ID changes between Key and Deliver`
	_, _ = w.Deliver(ctx, &s)
}
