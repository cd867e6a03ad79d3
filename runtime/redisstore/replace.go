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
	ifAbsent := "0"
	if swap.IfAbsent {
		ifAbsent = "1"
	}
	c := command{key: key, size: len(swap.Old) + len(swap.New), writes: true}
	reply, acks, err := s.eval(ctx, replaceScript, c, swap.Old, swap.New, swap.TTL.Milliseconds(), ifAbsent)
	if err != nil {
		return false, classify(err)
	}
	switch reply.Val() {
	case int64(1):
		return true, s.replicas.missing(acks)
	case int64(0):
		return false, nil
	}
	return false, unexpected("replace", reply)
}
