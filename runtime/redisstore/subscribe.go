package redisstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// A subscriber brings wake-ups to all who wait for a key of one store. They
// share one connection, which is open while anybody waits and a little longer.
type subscriber struct {
	client redis.UniversalClient
	ctx    context.Context //nolint:containedctx // the subscriber's own life, ended by close
	end    context.CancelFunc
	runs   sync.WaitGroup

	mu      sync.Mutex
	topics  map[string]*topic
	running bool          // run serves the topics
	orders  []order       // what run has to send, in this order
	ordered chan struct{} // tells run of orders; holds one
}

// A topic is a key for which somebody waits.
type topic struct {
	key     string
	waiters map[chan struct{}]struct{}
	ready   chan struct{} // closed when Redis has confirmed or refused it
	err     error         // why it was refused
	missed  bool          // wake-ups may have been lost: the connection was
}

// An order is a command on the subscriber's connection. Redis replies once to
// each, in their order, with wake-ups in between.
type order struct {
	verb  string // subscribe, unsubscribe or ping
	topic *topic // nil for a ping
}

func newSubscriber(client redis.UniversalClient) *subscriber {
	s := &subscriber{client: client, topics: make(map[string]*topic), ordered: make(chan struct{}, 1)}
	s.ctx, s.end = context.WithCancel(context.Background())
	return s
}

// close ends every subscription and returns when nothing runs any more.
func (s *subscriber) close() {
	s.mu.Lock()
	s.end()
	s.mu.Unlock()
	s.runs.Wait()
}

// subscribe returns once Redis has confirmed that it will send wake-ups for key.
func (s *subscriber) subscribe(ctx context.Context, key string) (<-chan struct{}, func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	wake := make(chan struct{}, 1)
	t, ready := s.join(key, wake)
	cancel := sync.OnceFunc(func() { s.leave(t, wake) })
	err := redis.ErrClosed
	select {
	case <-ready:
		if err = s.refusal(t); err == nil {
			return wake, cancel, nil
		}
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.ctx.Done():
	}
	cancel()
	return nil, nil, classify(err)
}

func (s *subscriber) join(key string, wake chan struct{}) (t *topic, ready <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t = s.topics[key]
	if t == nil {
		t = &topic{key: key, waiters: make(map[chan struct{}]struct{}), ready: make(chan struct{})}
		s.topics[key] = t
		s.order("subscribe", t)
	}
	t.waiters[wake] = struct{}{}
	if !s.running && s.ctx.Err() == nil {
		s.running = true
		s.runs.Go(s.run)
	}
	return t, t.ready
}

func (s *subscriber) refusal(t *topic) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return t.err
}

func (s *subscriber) leave(t *topic, wake chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(t.waiters, wake)
	if len(t.waiters) == 0 && s.topics[t.key] == t {
		delete(s.topics, t.key)
		s.order("unsubscribe", t)
	}
}

// order has something sent; the caller holds the lock.
func (s *subscriber) order(verb string, t *topic) {
	s.orders = append(s.orders, order{verb, t})
	select {
	case s.ordered <- struct{}{}:
	default:
	}
}

// Pauses and limits of the subscriber's connection.
const (
	pingEvery  = 3 * time.Second
	silence    = 3 * pingEvery    // after which a connection counts as dead
	linger     = 10 * time.Second // that one without topics stays open
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second // between two tries to connect
)

// run keeps a connection while there are topics.
func (s *subscriber) run() {
	for pause := firstPause; !s.idle(); pause = min(2*pause, lastPause) {
		began := time.Now()
		if s.connect() {
			return
		}
		if time.Since(began) > silence {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
		case <-s.ctx.Done():
			return
		}
	}
}

// connect serves the topics over one connection until that fails; it returns true
// when none is needed any more.
func (s *subscriber) connect() (done bool) {
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	pubsub := s.client.Subscribe(ctx) // to nothing yet, which opens no connection
	c := connection{pubsub: pubsub, subscriber: s}
	opened := make(chan error, 1)
	go func() { opened <- c.send(ctx, order{verb: "ping"}) }() // go-redis may not heed ctx for seconds
	select {
	case err := <-opened:
		if err != nil {
			_ = pubsub.Close()
			return s.ctx.Err() != nil
		}
	case <-ctx.Done():
		go func() {
			if <-opened == nil {
				_ = pubsub.Close()
			}
		}()
		return true
	}
	s.startOver()
	failed := make(chan struct{})
	go func() {
		defer close(failed)
		c.receive(ctx)
	}()
	done = c.transmit(ctx, failed)
	_ = pubsub.Close() // which ends receive, too
	<-failed
	return done
}

// startOver orders every topic anew, for a new connection.
func (s *subscriber) startOver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = nil
	for _, key := range slices.Sorted(maps.Keys(s.topics)) {
		t := s.topics[key]
		select {
		case <-t.ready:
			t.ready, t.missed = make(chan struct{}), true
		default:
		}
		s.order("subscribe", t)
	}
}

func (s *subscriber) take() []order {
	s.mu.Lock()
	defer s.mu.Unlock()
	orders := s.orders
	s.orders = nil
	return orders
}

// idle ends run's duty if nobody waits.
func (s *subscriber) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.topics) > 0 {
		return false
	}
	s.running = false
	return true
}

// confirm tells those who wait that Redis has confirmed the topic or, with an
// error, refused it. A refused topic is forgotten: the next one who waits for its
// key tries again.
func (s *subscriber) confirm(t *topic, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.topics[t.key] != t {
		return
	}
	t.err = err
	close(t.ready)
	if err != nil {
		delete(s.topics, t.key)
	}
	if t.missed {
		t.missed = false
		t.wake()
	}
}

func (s *subscriber) wake(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[key]; t != nil {
		t.wake()
	}
}

func (t *topic) wake() {
	for wake := range t.waiters {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// A connection pairs what was sent with what comes back.
type connection struct {
	pubsub     *redis.PubSub
	subscriber *subscriber

	mu   sync.Mutex
	sent []order // and not replied to yet
}

// transmit sends orders and pings until the connection fails, or is idle for
// long: then it returns true.
func (c *connection) transmit(ctx context.Context, failed <-chan struct{}) (done bool) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	idle := time.NewTimer(linger)
	defer idle.Stop()
	for {
		select {
		case <-c.subscriber.ordered:
			idle.Reset(linger)
			for _, o := range c.subscriber.take() {
				if c.send(ctx, o) != nil {
					return ctx.Err() != nil
				}
			}
		case <-ping.C:
			if c.send(ctx, order{verb: "ping"}) != nil {
				return ctx.Err() != nil
			}
		case <-idle.C:
			if c.subscriber.idle() {
				return true
			}
			idle.Reset(linger)
		case <-failed:
			return ctx.Err() != nil
		case <-ctx.Done():
			return true
		}
	}
}

func (c *connection) send(ctx context.Context, o order) error {
	c.mu.Lock()
	c.sent = append(c.sent, o) // before it goes out, since the reply may be quick
	c.mu.Unlock()
	switch o.verb {
	case "subscribe":
		return c.pubsub.Subscribe(ctx, o.topic.key)
	case "unsubscribe":
		return c.pubsub.Unsubscribe(ctx, o.topic.key)
	}
	return c.pubsub.Ping(ctx)
}

// receive hands on what arrives until the connection fails.
func (c *connection) receive(ctx context.Context) {
	for {
		reply, err := c.pubsub.ReceiveTimeout(ctx, silence)
		switch m := reply.(type) {
		case *redis.Message:
			c.subscriber.wake(m.Channel)
			continue
		case *redis.Subscription:
			err = c.replied(m.Kind, m.Channel, nil)
		case *redis.Pong:
			err = c.replied("ping", "", nil)
		default:
			if isReply(err) {
				err = c.replied("", "", err)
			}
		}
		if err != nil {
			return
		}
	}
}

// replied takes a reply, of which verb and key are known unless it is a refusal.
// Its own error says that the reply is not the next order's: go-redis has changed
// the connection beneath us.
func (c *connection) replied(verb, key string, refusal error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sent) == 0 {
		return fmt.Errorf("redisstore: a reply to %q where none was due", verb)
	}
	next := c.sent[0]
	c.sent = c.sent[1:]
	if refusal == nil && (verb != next.verb || next.topic != nil && key != next.topic.key) {
		return fmt.Errorf("redisstore: a reply to %q where one to %q was due", verb, next.verb)
	}
	if next.verb == "subscribe" {
		c.subscriber.confirm(next.topic, refusal)
	}
	return nil
}
