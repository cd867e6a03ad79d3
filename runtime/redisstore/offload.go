package redisstore

import "context"

// offload calls f and returns no later than its context ends: go-redis may come
// back seconds after that. What f returns later is dropped, while the command
// that it sent may still take effect.
func offload[T any](ctx context.Context, f func(ctx context.Context) (T, error)) (T, error) {
	if ctx.Done() == nil {
		return f(ctx)
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	type result struct {
		value T
		err   error
	}
	results := make(chan result, 1)
	go func() {
		value, err := f(ctx)
		results <- result{value, err}
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
