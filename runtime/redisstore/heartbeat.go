package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// beatLength bounds how many heartbeats go out before the first is known.
const beatLength = 500

// A beat is what became of the heartbeat of claim i.
type beat struct {
	i   int
	err error
}

// Heartbeat implements [idem.Store] with pipelines, those of each master on
// their own: in one pipeline for a whole Cluster, a single dead server would
// hold up everybody's. Those that are not known when ctx ends are reported with
// its error.
func (s *Store) Heartbeat(ctx context.Context, held []idem.Lease, report func(i int, err error)) {
	beats := make(chan beat, len(held)) // room for all, should nobody listen any more
	if err := errors.Join(s.refusal, ctx.Err()); err != nil {
		for i := range held {
			beats <- beat{i, err}
		}
	} else {
		go s.beatAll(ctx, held, beats)
	}
	known := make([]bool, len(held))
	for range held {
		select {
		case b := <-beats:
			known[b.i] = true
			report(b.i, b.err)
			continue
		case <-ctx.Done():
		}
		for len(beats) > 0 {
			b := <-beats
			known[b.i] = true
			report(b.i, b.err)
		}
		for i := range held {
			if !known[i] {
				report(i, ctx.Err())
			}
		}
		return
	}
}

// beatAll sends each master its heartbeats.
func (s *Store) beatAll(ctx context.Context, held []idem.Lease, beats chan<- beat) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		s.beatNode(ctx, s.client, held, all(held), beats)
		return
	}
	nodes := make(map[*redis.Client][]int)
	for i, l := range held {
		master, err := cluster.MasterForKey(ctx, l.Key)
		if err != nil {
			beats <- beat{i, err}
			continue
		}
		nodes[master] = append(nodes[master], i)
	}
	for master, indexes := range nodes {
		go s.beatNode(ctx, master, held, indexes, beats)
	}
}

func all(held []idem.Lease) []int {
	indexes := make([]int, len(held))
	for i := range held {
		indexes[i] = i
	}
	return indexes
}

// beatNode sends one node its heartbeats, one pipeline after the other.
func (s *Store) beatNode(ctx context.Context, node redis.Cmdable, held []idem.Lease, indexes []int, beats chan<- beat) {
	for chunk := range slices.Chunk(indexes, beatLength) {
		errs := beatPipeline(ctx, node, held, chunk, 0)
		// The server has lost its scripts, or never knew them: the first of these
		// brings the script along, and the others find it there.
		errs = again(errs, chunk, isNoScript, func(rest []int) []error {
			return beatPipeline(ctx, node, held, rest, 1)
		})
		// A Cluster is moving these keys, and its client knows how to follow: to
		// several servers perhaps, so that each of these brings the script along.
		errs = again(errs, chunk, isRedirect, func(rest []int) []error {
			return beatPipeline(ctx, s.client, held, rest, len(rest))
		})
		s.lookAgain(ctx, errs[len(errs)-1]) // where one got no answer, nor did the last
		for j, i := range chunk {
			beats <- beat{i, errs[j]}
		}
	}
}

// again repeats those heartbeats that failed in a certain way.
func again(errs []error, chunk []int, failed func(error) bool, repeat func(rest []int) []error) []error {
	var rest, places []int
	for j, err := range errs {
		if failed(err) {
			rest, places = append(rest, chunk[j]), append(places, j)
		}
	}
	if len(rest) == 0 {
		return errs
	}
	for j, err := range repeat(rest) {
		errs[places[j]] = err
	}
	return errs
}

// beatPipeline sends some heartbeats at once and says what became of each. The
// first few of them bring the script's source along.
func beatPipeline(ctx context.Context, node redis.Cmdable, held []idem.Lease, indexes []int, sources int) []error {
	pipe := node.Pipeline()
	replies := make([]*redis.Cmd, len(indexes))
	for j, i := range indexes {
		keys, retention := []string{held[i].Key}, held[i].Retention.Milliseconds()
		if j < sources {
			replies[j] = heartbeatScript.Eval(ctx, pipe, keys, held[i].Record, retention)
		} else {
			replies[j] = heartbeatScript.EvalSha(ctx, pipe, keys, held[i].Record, retention)
		}
	}
	if _, err := pipe.Exec(ctx); err != nil {
		refuseAll(replies, err)
	}
	errs := make([]error, len(indexes))
	for j, reply := range replies {
		errs[j] = beatError(reply)
	}
	return errs
}

func beatError(reply *redis.Cmd) error {
	err := classify(reply.Err())
	switch {
	case errors.Is(err, idem.ErrCorrupt):
		return fmt.Errorf("%w: %w", idem.ErrLeaseLost, err)
	case err != nil:
		return err
	case reply.Val() == int64(1):
		return nil
	case reply.Val() == int64(0):
		return idem.ErrLeaseLost
	}
	return unexpected("heartbeat", reply)
}
