package failover_test

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

// A sentinels is a deployment behind Sentinel.
type sentinels struct {
	t *testing.T
	*redistest.Sentinel
	admin map[*redistest.Server]*redis.Client
}

func startSentinels(t *testing.T) *sentinels {
	t.Helper()
	s := &sentinels{t: t, Sentinel: redistest.StartSentinel(t), admin: map[*redistest.Server]*redis.Client{}}
	s.Configure("down-after-milliseconds", downAfter.Milliseconds())
	s.Configure("failover-timeout", 1000) // the next one comes after twice that at the earliest
	for _, sentinel := range s.Sentinels {
		sentinel.Do("sentinel", "debug", "ping-period", 200, "ask-period", 200)
		sentinel.Do("sentinel", "debug", "tilt-period", 1000) // a busy machine looks like a clock that jumps
	}
	for _, server := range s.servers() {
		s.admin[server] = admin(t, server)
	}
	return s
}

func (s *sentinels) servers() []*redistest.Server {
	return append([]*redistest.Server{s.Primary}, s.Replicas...)
}

// admin opens a client that asks a server about itself, and does not wait for one
// that is paused.
func admin(t *testing.T, server *redistest.Server) *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr: server.Addr, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1, DialTimeout: answering,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// replication is what a server says of its part in it; empty if it says nothing.
func replication(client *redis.Client) string {
	ctx, cancel := context.WithTimeout(context.Background(), answering)
	defer cancel()
	return client.Info(ctx, "replication").Val()
}

// primary returns the server that all sentinels call so. Before they agree, one of
// them may still undo a failover.
func (s *sentinels) primary() *redistest.Server {
	votes := map[string]int{}
	for _, sentinel := range s.Sentinels {
		if addr, ok := sentinel.Do("sentinel", "get-master-addr-by-name", "primary").([]any); ok {
			votes[addr[1].(string)]++
		}
	}
	for _, server := range s.servers() {
		if _, port, _ := net.SplitHostPort(server.Addr); votes[port] == len(s.Sentinels) {
			return server
		}
	}
	return nil
}

// isPrimary tells whether a server is one by its own account.
func (s *sentinels) isPrimary(server *redistest.Server) bool {
	return strings.Contains(replication(s.admin[server]), "role:master")
}

func (s *sentinels) isReplica(server *redistest.Server) bool {
	return strings.Contains(replication(s.admin[server]), "role:slave")
}

// follow tells whether one replica follows a primary, which leaves none for another.
func (s *sentinels) follow(primary *redistest.Server) bool {
	_, port, _ := net.SplitHostPort(primary.Addr)
	return slices.ContainsFunc(s.servers(), func(server *redistest.Server) bool {
		info := replication(s.admin[server])
		return strings.Contains(info, "master_port:"+port) && strings.Contains(info, "master_link_status:up")
	})
}

// awaitSuccessor waits until another server than old is the primary.
func (s *sentinels) awaitSuccessor(old *redistest.Server) *redistest.Server {
	s.t.Helper()
	var next *redistest.Server
	await(s.t, "another primary", func() bool {
		next = s.primary()
		return next != nil && next != old && s.isPrimary(next)
	})
	return next
}

// heal waits until a primary has two replicas that follow it, and all sentinels
// agree. It helps servers that follow another.
func (s *sentinels) heal() *redistest.Server {
	s.t.Helper()
	var primary *redistest.Server
	helped := time.Now()
	await(s.t, "one primary with two replicas", func() bool {
		if primary = s.primary(); primary == nil || !s.isPrimary(primary) {
			return false
		}
		host, port, _ := net.SplitHostPort(primary.Addr)
		ok := 0
		for _, server := range s.servers() {
			if server == primary {
				continue
			}
			info := replication(s.admin[server])
			if strings.Contains(info, "master_port:"+port) && strings.Contains(info, "master_link_status:up") {
				ok++
			} else if time.Since(helped) > 100*time.Millisecond && !strings.Contains(info, "master_port:"+port) {
				s.admin[server].Do(context.Background(), "replicaof", host, port)
			}
		}
		return ok == 2 && s.agree(port)
	})
	return primary
}

// agree tells whether all sentinels see a healthy primary there, with its replicas.
func (s *sentinels) agree(port string) bool {
	for _, sentinel := range s.Sentinels {
		m, ok := sentinel.Do("sentinel", "master", "primary").(map[any]any)
		if !ok || m["port"] != port || m["flags"] != "master" || m["num-other-sentinels"] != "2" {
			return false
		}
		replicas, _ := sentinel.Do("sentinel", "replicas", "primary").([]any)
		healthy := 0
		for _, replica := range replicas {
			if r, ok := replica.(map[any]any); ok && r["flags"] == "slave" && r["master-link-status"] == "ok" {
				healthy++
			}
		}
		if healthy < 2 {
			return false
		}
	}
	return true
}

// follows opens a client that is told of failovers.
func (s *sentinels) follows() *redis.Client {
	return s.Client(func(o *redis.FailoverOptions) {
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.DialerRetries = answering, 2*answering, answering, 1
	})
}

// leftBehind opens a client that is not: it knows one server.
func leftBehind(server *redistest.Server) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: server.Addr, DialTimeout: answering, ReadTimeout: 2 * answering, WriteTimeout: answering, DialerRetries: 1,
	})
}

// play is one round: the primary is killed, or paused until another has taken its
// place. Then it goes on, until it is told.
func (s *sentinels) play(name string, pause bool, minReplicas int, v variant) outcome {
	s.t.Helper()
	primary := s.heal()
	for _, server := range s.servers() {
		s.admin[server].ConfigSet(context.Background(), "min-replicas-to-write", strconv.Itoa(minReplicas))
		s.admin[server].ConfigSet(context.Background(), "min-replicas-max-lag", "2")
	}
	require.NoError(s.t, s.admin[primary].FlushAll(context.Background()).Err())
	var keys atomic.Int64
	r := newRound(s.t, name, func() string { return strconv.FormatInt(keys.Add(1), 10) })
	if pause {
		r.join("left behind", leftBehind(primary), v.options()...)
	} else {
		r.join("first", s.follows(), v.options()...)
	}
	r.join("second", s.follows(), v.options()...)
	r.load()
	r.sleep(150*time.Millisecond, 350*time.Millisecond, r.random)
	var alone time.Time // since when no replica follows the old primary; zero if one may
	if pause {
		primary.Pause()
		successor := s.awaitSuccessor(primary)
		r.sleep(100*time.Millisecond, 300*time.Millisecond, r.random)
		left := s.follow(successor)
		primary.Resume()
		if left {
			alone = time.Now()
		}
		await(s.t, "one primary of two that has stepped down", func() bool { return s.isReplica(primary) || s.isReplica(successor) })
	} else {
		primary.Kill()
		s.awaitSuccessor(primary)
	}
	r.sleep(150*time.Millisecond, 250*time.Millisecond, r.random)
	close(r.stop)
	if !pause {
		primary.Restart()
	}
	r.pairs.Wait()
	s.heal()
	r.audit(s.follows())
	r.end()
	o := r.judge()
	if v.replicas > 0 && !alone.IsZero() {
		o.problems = append(o.problems, r.begunBy("left behind", alone, time.Now())...)
	}
	return o
}

// begunBy lists what a caller ran who asked at a time when no replica followed his
// primary: WithReplicas forbids it.
func (r *round) begunBy(caller string, from, to time.Time) (problems []string) {
	for key, h := range r.histories {
		if slices.ContainsFunc(h.executions, func(x *execution) bool {
			return x.caller == caller && x.called.After(from) && x.begin.Before(to)
		}) {
			problems = append(problems, "key "+key+": a task ran although no replica had its claim")
		}
	}
	return problems
}

// await looks again and again, or fails the test.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "there is not after three minutes: %s", what)
	}
}
