package smallworld_test

import (
	"context"
	"errors"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

var (
	errLost = errors.New("connection reset")
	errDead = errors.New("this process is dead")
)

// A link is a process's way to the store. Every call waits there for the
// explorer to decide what becomes of it.
type link struct {
	world   *world
	process int
}

// A call is one that waits, or a task that is about to return.
type call struct {
	process   int
	caller    *caller // nil for what happens in the background
	kind      string
	tick      int       // when it came
	execute   func()    // let it take effect; what it replies is kept
	held      bool      // a task that returns heedless of its context
	notBefore time.Time // nothing becomes of it until then
	executed  bool
	echo      bool          // its caller was told that it had failed
	failure   error         // what it replies instead
	answered  chan struct{} // closed when the reply arrives
}

type callerKey struct{}

// ask lets a call wait for its fate.
func ask[T any](ctx context.Context, l *link, kind string, do func() (T, error)) (T, error) {
	var value, none T
	var err error
	c := &call{process: l.process, kind: kind, answered: make(chan struct{})}
	c.caller, _ = ctx.Value(callerKey{}).(*caller)
	c.execute = func() { value, err = do() }
	l.world.submit(c)
	select {
	case <-c.answered:
		if c.failure != nil {
			return none, c.failure
		}
		return value, err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (l *link) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	return ask(ctx, l, "claim", func() (idem.Reply, error) { return l.world.store.Claim(context.Background(), key, c) })
}

func (l *link) Contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	return ask(ctx, l, "contend", func() (idem.Reply, error) { return l.world.store.Contend(context.Background(), key, c) })
}

func (l *link) Heartbeat(ctx context.Context, held []idem.Lease, report func(int, error)) {
	errs, err := ask(ctx, l, "heartbeat", func() ([]error, error) {
		errs := make([]error, len(held))
		l.world.store.Heartbeat(context.Background(), held, func(i int, err error) { errs[i] = err })
		return errs, nil
	})
	for i := range held {
		if err != nil {
			report(i, err)
		} else {
			report(i, errs[i])
		}
	}
}

func (l *link) Replace(ctx context.Context, key string, s idem.Swap) (bool, error) {
	return ask(ctx, l, "replace", func() (bool, error) { return l.world.store.Replace(context.Background(), key, s) })
}

func (l *link) Lookup(ctx context.Context, key string) (idem.Reply, error) {
	return ask(ctx, l, "lookup", func() (idem.Reply, error) { return l.world.store.Lookup(context.Background(), key) })
}

func (l *link) Subscribe(ctx context.Context, key string) (<-chan struct{}, func(), error) {
	type subscription struct {
		wake   <-chan struct{}
		cancel func()
	}
	s, err := ask(ctx, l, "subscribe", func() (s subscription, err error) {
		s.wake, s.cancel, err = l.world.store.Subscribe(context.Background(), key)
		return s, err
	})
	return s.wake, s.cancel, err
}
