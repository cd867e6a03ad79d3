package redisstore

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// How commands of many callers travel together.
//
// A connection each is what few callers want: the fewest switches. Many callers
// are served better by pipelines, since a system call costs more than a command.
// go-redis's AutoPipeline serves many well, but has one pipeline under way at a
// time and waits, by a timer of 200 µs or more, for callers that it expects back:
// that is what few callers lose by it. Here a pipeline takes whatever has
// gathered while others were under way, and nobody waits for a timer.
const (
	// lanes is how many pipelines may be under way to one server. Fewer make
	// longer pipelines, more make callers wait less where the network is slow.
	lanes = 4
	// pipelineLength bounds how many commands go out before the first reply is
	// handed on.
	pipelineLength = 256
	// aloneFrom is the size in bytes from which a command goes by itself, so that
	// nobody waits behind it.
	aloneFrom = 16 << 10
)

// A transport sends the store's commands, each about one key.
type transport struct {
	client redis.UniversalClient

	located atomic.Bool // a Cluster has said where keys are, so that asking again does not block

	mu    sync.Mutex
	roads map[*redis.Client]*road
}

// A road leads to one server. It is there while commands are under way.
type road struct {
	client redis.UniversalClient
	node   *redis.Client // the client, where it is one server's of a Cluster; else nil
	queue  []*request
	busy   int // lanes in use
}

// A command is what the store asks of Redis about one key.
type command struct {
	key    string
	size   int  // in bytes, roughly
	writes bool // so that replicas should have it, where they count
	send   func(redis.Cmdable) redis.Cmder
}

// A request is one caller's command on its way.
type request struct {
	command
	ctx  context.Context //nolint:containedctx // the caller's, until the command is sent
	cmd  redis.Cmder     // with its reply, once something is in done
	done chan struct{}   // holds one
}

// requests keeps those that are over for the next caller. One whose caller has
// left may still be on its way, and is not kept.
var requests = sync.Pool{New: func() any { return &request{done: make(chan struct{}, 1)} }}

func newTransport(client redis.UniversalClient) *transport {
	return &transport{client: client, roads: make(map[*redis.Client]*road)}
}

// do sends a command and returns it with its reply. It returns no later than ctx
// ends, while what was sent may still take effect: go-redis itself may come back
// seconds after that.
func (t *transport) do(ctx context.Context, c command) (redis.Cmder, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := requests.Get().(*request)
	r.command, r.ctx = c, ctx
	cluster, ok := t.client.(*redis.ClusterClient)
	switch {
	case !ok:
		t.depart(nil, r)
	case t.located.Load():
		t.depart(t.server(ctx, cluster, c.key), r)
	default: // asking may take long
		go func() { t.depart(t.server(ctx, cluster, c.key), r) }()
	}
	select {
	case <-r.done:
		cmd := r.cmd
		r.command, r.ctx, r.cmd = command{}, nil, nil
		requests.Put(r)
		return cmd, cmd.Err()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// server returns the client of the one server of a Cluster that has the key, or nil
// where that is not known.
func (t *transport) server(ctx context.Context, cluster *redis.ClusterClient, key string) *redis.Client {
	master, err := cluster.MasterForKey(ctx, key)
	if err != nil {
		return nil
	}
	t.located.Store(true)
	return master
}

// depart sees to it that the request is sent, to a server of a Cluster or, without
// one, by the client as a whole. A caller that nothing can call back sends for
// itself, on a free road.
func (t *transport) depart(node *redis.Client, r *request) {
	if r.size >= aloneFrom {
		go t.exchange(t.road(node), []*request{r})
		return
	}
	t.mu.Lock()
	o := t.roads[node]
	if o == nil {
		o = t.road(node)
		t.roads[node] = o
	}
	if o.busy == 0 && r.ctx.Done() == nil {
		o.busy++
		t.mu.Unlock()
		t.exchange(o, []*request{r})
		if t.more(o) {
			go t.drive(o)
		}
		return
	}
	o.queue = append(o.queue, r)
	free := o.busy < lanes
	if free {
		o.busy++
	}
	t.mu.Unlock()
	if free {
		go t.drive(o)
	}
}

func (t *transport) road(node *redis.Client) *road {
	if node != nil {
		return &road{client: node, node: node}
	}
	return &road{client: t.client}
}

// drive uses one lane of a road for as long as there is something to send.
func (t *transport) drive(o *road) {
	for {
		// Those whom the last pipeline has answered may have more to send: let them
		// come along.
		runtime.Gosched()
		if batch := t.take(o); len(batch) > 0 {
			t.exchange(o, batch)
		}
		if !t.more(o) {
			return
		}
	}
}

func (t *transport) take(o *road) []*request {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(o.queue), pipelineLength)
	batch := o.queue[:n:n]
	if o.queue = o.queue[n:]; len(o.queue) == 0 {
		o.queue = nil
	}
	return batch
}

// more tells whether there is something to send; if not, the lane is free.
func (t *transport) more(o *road) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(o.queue) > 0 {
		return true
	}
	if o.busy--; o.busy == 0 {
		delete(t.roads, o.node)
	}
	return false
}

// exchange sends requests, as a pipeline if they are several, and hands on their
// replies. Those whose callers have gone are not sent.
func (t *transport) exchange(o *road, batch []*request) {
	batch = slices.DeleteFunc(batch, func(r *request) bool { return r.ctx.Err() != nil })
	switch len(batch) {
	case 0:
		return
	case 1:
		batch[0].cmd = batch[0].send(o.client)
	default:
		t.pipeline(o, batch)
	}
	for _, r := range batch {
		if err := r.cmd.Err(); err != nil && t.detours(o, len(batch), err) {
			go t.alone(r)
			continue
		}
		r.done <- struct{}{}
	}
}

// patience is how long a pipeline may take, whatever the client's own limits are.
const patience = 10 * time.Second

// pipeline sends several requests together, until the last of their callers has
// gone.
func (t *transport) pipeline(o *road, batch []*request) {
	pipe := o.client.Pipeline()
	latest, limit := time.Time{}, time.Now().Add(patience)
	for _, r := range batch {
		r.cmd = r.send(pipe)
		end, ok := r.ctx.Deadline()
		if !ok || end.After(limit) {
			end = limit
		}
		if end.After(latest) {
			latest = end
		}
	}
	ctx, cancel := context.WithDeadline(context.Background(), latest) // one caller's end is not the others'
	defer cancel()
	if _, err := pipe.Exec(ctx); err != nil {
		cmds := make([]redis.Cmder, len(batch))
		for i, r := range batch {
			cmds[i] = r.cmd
		}
		refuseAll(cmds, err)
	}
}

// refuseAll gives a pipeline's error to its commands where none of them has one: a
// hook has refused them all, and they have no replies.
func refuseAll[C redis.Cmder](cmds []C, err error) {
	if slices.ContainsFunc(cmds, func(c C) bool { return c.Err() != nil }) {
		return
	}
	for _, c := range cmds {
		c.SetErr(err)
	}
}

// alone sends a request by the client as a whole, which knows how to follow a key
// that moves and to wait for a server that is not ready.
func (t *transport) alone(r *request) {
	r.cmd = r.send(t.client)
	r.done <- struct{}{}
}

// detours tells whether a command that failed on its road is worth another try
// by the client as a whole.
func (t *transport) detours(o *road, together int, err error) bool {
	if errors.Is(err, redis.Nil) || errors.Is(err, redis.ErrClosed) {
		return false
	}
	if isReply(err) && !isPassing(err) {
		return false
	}
	// What fails in company may do better alone, and a server of a Cluster may have a
	// successor.
	return together > 1 || o.node != nil
}
