package redisstore

import (
	"context"

	idem "github.com/idemgen/idemgen/runtime"
)

// Replace implements [idem.Store].
func (s *Store) Replace(ctx context.Context, key string, swap idem.Swap) (bool, error) {
	if s.refusal != nil {
		return false, s.refusal
	}
	type outcome struct {
		stands  bool
		warning error
	}
	o, err := offload(ctx, func(ctx context.Context) (outcome, error) {
		ifAbsent := "0"
		if swap.IfAbsent {
			ifAbsent = "1"
		}
		reply, acks, err := s.writeScript(ctx, replaceScript, key, swap.Old, swap.New, swap.TTL.Milliseconds(), ifAbsent)
		if err != nil {
			return outcome{}, classify(err)
		}
		switch reply.Val() {
		case int64(1):
			return outcome{true, s.replicas.missing(acks)}, nil
		case int64(0):
			return outcome{}, nil
		}
		return outcome{}, unexpected("replace", reply)
	})
	if err != nil {
		return false, err
	}
	return o.stands, o.warning
}
