package ops

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Query says which records to look at. The zero value is all with the inspector's
// prefix.
type Query struct {
	// Pattern is a glob for whole keys as SCAN reads it, for instance
	// "idempotency:billing.*:17". It takes the place of the prefix. One without any of
	// *?[\ is a single key, and costs no look through the others.
	Pattern string
	// Task is a name as in keys: "billing.Pay" for every version of it, or
	// "billing.Pay@v2" for that one.
	Task string
	// States are those to list; none means all.
	States []idem.State
	// Older lists only what started longer ago than this.
	Older time.Duration
	// Progress, unless it is nil, is told how far it has come, after every step.
	Progress func(Progress)
}

// Progress is how far a look through Redis has come.
type Progress struct {
	Looked int64 // keys looked through, about
	Total  int64 // keys there are
	Found  int64 // records that the query asks for
}

// List returns the records that the query asks for, in no order, while it looks
// through the keys. An error is the last thing that it returns.
func (i *Inspector) List(ctx context.Context, q Query) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		l := listing{inspector: i, query: q, pattern: i.pattern(q), yield: yield}
		if err := l.run(ctx); err != nil {
			yield(Record{}, fmt.Errorf("ops: %w", err))
		}
	}
}

// pattern is what Redis itself can filter by.
func (i *Inspector) pattern(q Query) string {
	if q.Pattern != "" {
		return q.Pattern
	}
	if q.Task == "" {
		head := idem.Key{Prefix: i.prefix}.String() // with the colon before the task
		return literal(head) + "*"
	}
	name, _, _ := strings.Cut(q.Task, "@v")
	return literal(idem.Key{Prefix: i.prefix, Task: name}.String()) + "[:@]*"
}

// literal returns the glob that matches a text and nothing else.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(text)
}

// asksFor tells whether a record is among those that the query asks for.
func (q Query) asksFor(r Record) bool {
	return (q.Task == "" || q.Task == r.Task || q.Task == r.TaskName()) &&
		(len(q.States) == 0 || slices.Contains(q.States, r.State)) &&
		(q.Older <= 0 || !r.StartedAt.IsZero() && time.Since(r.StartedAt) > q.Older)
}

// A listing is one look through Redis.
type listing struct {
	inspector *Inspector
	query     Query
	pattern   string
	yield     func(Record, error) bool
	progress  Progress
	stopped   bool
}

func (l *listing) run(ctx context.Context) error {
	primaries, err := l.inspector.primaries(ctx)
	if err != nil {
		return err
	}
	if !strings.ContainsAny(l.pattern, `*?[\`) {
		return l.single(ctx, primaries[0])
	}
	sizes := make([]int64, len(primaries))
	for n, p := range primaries {
		if sizes[n], err = p.DBSize(ctx).Result(); err != nil {
			return fmt.Errorf("%s: DBSIZE: %w", p.Options().Addr, err)
		}
		l.progress.Total += sizes[n]
	}
	before := int64(0) // what there was on the servers before this one
	for n, p := range primaries {
		if err := l.scan(ctx, p, before, sizes[n]); err != nil || l.stopped {
			return err
		}
		before += sizes[n]
	}
	return nil
}

// single looks at the one key that the pattern is. A server of a Cluster says where
// it is, if not there.
func (l *listing) single(ctx context.Context, server *redis.Client) error {
	records, err := l.inspector.peek(ctx, server, []string{l.pattern})
	if err != nil {
		return fmt.Errorf("%s: %w", server.Options().Addr, err)
	}
	l.hand(records)
	return nil
}

// hand gives those records that the query asks for to whoever listens.
func (l *listing) hand(records []Record) {
	for _, r := range records {
		if !l.query.asksFor(r) {
			continue
		}
		l.progress.Found++
		if !l.yield(r, nil) {
			l.stopped = true
			return
		}
	}
}

// scan looks through one server's keys.
func (l *listing) scan(ctx context.Context, server *redis.Client, before, size int64) error {
	count := l.inspector.count
	cursor, looked := uint64(0), int64(0)
	for {
		began := time.Now()
		keys, next, err := server.Scan(ctx, cursor, l.pattern, int64(count)).Result()
		if err != nil {
			return fmt.Errorf("%s: SCAN: %w", server.Options().Addr, err)
		}
		records, err := l.inspector.peek(ctx, server, keys)
		if err != nil {
			return fmt.Errorf("%s: %w", server.Options().Addr, err)
		}
		if l.hand(records); l.stopped {
			return nil
		}
		cursor, looked = next, min(looked+int64(count), size)
		if cursor == 0 {
			looked = size
		}
		l.progress.Looked = before + looked
		if l.query.Progress != nil {
			l.query.Progress(l.progress)
		}
		if cursor == 0 {
			return nil
		}
		if rate := l.inspector.rate; rate > 0 {
			if err := sleep(ctx, time.Until(began.Add(time.Duration(count)*time.Second/time.Duration(rate)))); err != nil {
				return err
			}
		}
	}
}

// sleep returns early, with an error, if the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var (
	//go:embed peek.lua
	peekSource string
	peekScript = redis.NewScript(peekSource)
)

// peek returns the records of those keys that are still there, without reason,
// metadata and value.
func (i *Inspector) peek(ctx context.Context, server *redis.Client, keys []string) ([]Record, error) {
	replies, err := peekAll(ctx, server, keys, peekScript.EvalSha)
	if err == nil && slices.ContainsFunc(replies, func(c *redis.Cmd) bool { return redis.HasErrorPrefix(c.Err(), "NOSCRIPT") }) {
		replies, err = peekAll(ctx, server, keys, peekScript.Eval)
	}
	if err != nil {
		return nil, err
	}
	records := make([]Record, 0, len(keys))
	for n, key := range keys {
		reply := replies[n]
		if redis.HasErrorPrefix(reply.Err(), "MOVED ") || redis.HasErrorPrefix(reply.Err(), "ASK ") {
			reply = peekScript.Run(ctx, i.client, []string{key}, idem.HeaderLen) // on its way to another server
		}
		r, found, err := read(key, reply)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", key, err)
		}
		if found {
			records = append(records, r)
		}
	}
	return records, nil
}

// peekAll sends the script for all keys together. Its error is the network's; each
// reply has its own.
func peekAll(ctx context.Context, server *redis.Client, keys []string,
	send func(context.Context, redis.Scripter, []string, ...any) *redis.Cmd,
) ([]*redis.Cmd, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	replies := make([]*redis.Cmd, len(keys))
	pipe := server.Pipeline()
	for n, key := range keys {
		replies[n] = send(ctx, pipe, []string{key}, idem.HeaderLen)
	}
	_, err := pipe.Exec(ctx)
	if _, ok := errors.AsType[redis.Error](err); ok {
		err = nil
	}
	return replies, err
}

// read makes a record of what peek.lua replied.
func read(key string, reply *redis.Cmd) (r Record, found bool, err error) {
	switch err := reply.Err(); {
	case errors.Is(err, redis.Nil):
		return Record{}, false, nil
	case err != nil && strings.Contains(err.Error(), "WRONGTYPE"):
		return corrupt(key, 0, "the key holds a value of another type"), true, nil
	case err != nil:
		return Record{}, false, err
	}
	values, _ := reply.Val().([]any)
	if len(values) != 3 {
		return Record{}, false, fmt.Errorf("unexpected answer to peek.lua, of type %T", reply.Val())
	}
	beginning, _ := values[0].(string)
	size, _ := values[1].(int64)
	ms, _ := values[2].(int64)
	if ms < 0 {
		return corrupt(key, int(size), "it has no expiry"), true, nil
	}
	stored, err := idem.ParseHeader([]byte(beginning), int(size))
	if err != nil {
		return corrupt(key, int(size), problem(err)), true, nil
	}
	return describe(key, stored, int(size), time.Duration(ms)*time.Millisecond), true, nil
}
