package redistest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// primaryName is what sentinels call the primary that they watch.
const primaryName = "primary"

// A Sentinel is three sentinels that watch a primary with two replicas. Which is
// which is as of the start: a failover changes it.
type Sentinel struct {
	Sentinels []*Server
	Primary   *Server
	Replicas  []*Server

	t testing.TB
}

// StartSentinel runs a primary, its replicas and their sentinels until the test
// ends, the servers with the same options.
func StartSentinel(t testing.TB, opts ...Option) *Sentinel {
	t.Helper()
	s := &Sentinel{t: t, Primary: Start(t, opts...)}
	for range 2 {
		s.Replicas = append(s.Replicas, Start(t, append(slices.Clip(opts), ReplicaOf(s.Primary))...))
	}
	s.Primary.AwaitReplicas(2)
	host, port, _ := net.SplitHostPort(s.Primary.Addr)
	for range 3 {
		sentinel := Start(t, asSentinel, WithConfig(
			fmt.Sprintf("sentinel monitor %s %s %s 2", primaryName, host, port),
			"sentinel down-after-milliseconds "+primaryName+" 2000",
		))
		// They look around every 10 s and talk every 2 s, which is long for a test.
		// Shorter than this, they would undo a failover before its leader, which
		// looks once a second then, has told them of it.
		sentinel.Do("sentinel", "debug", "info-period", 500, "publish-period", 500)
		s.Sentinels = append(s.Sentinels, sentinel)
	}
	for _, sentinel := range s.Sentinels {
		await(t, sentinel.Addr+" knowing the others", func() bool {
			return sentinel.sees("num-slaves", "2") && sentinel.sees("num-other-sentinels", "2")
		})
	}
	return s
}

func asSentinel(s *Server) { s.flags = append(s.flags, "--sentinel") }

// Client opens a client of whichever server is the primary. It is closed when the
// test ends. An option may change how.
func (s *Sentinel) Client(opts ...func(*redis.FailoverOptions)) *redis.Client {
	o := &redis.FailoverOptions{MasterName: primaryName, SentinelAddrs: addrs(s.Sentinels)}
	for _, opt := range opts {
		opt(o)
	}
	client := redis.NewFailoverClient(o)
	s.t.Cleanup(func() { _ = client.Close() })
	return client
}

// Failover has the sentinels put a replica in the primary's place, and waits until
// all know and the old primary obeys.
func (s *Sentinel) Failover() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.Primary.Addr)
	s.Sentinels[0].Do("sentinel", "failover", primaryName)
	for _, sentinel := range s.Sentinels {
		await(s.t, sentinel.Addr+" knowing the new primary", func() bool { return !sentinel.sees("port", port) })
	}
	await(s.t, "the old primary being a replica", func() bool {
		info, _ := s.Primary.admin.Info(context.Background(), "replication").Result() // it drops its clients as it turns
		return strings.Contains(info, "role:slave")
	})
}

// Configure sets how the sentinels watch the primary, for instance
// down-after-milliseconds.
func (s *Sentinel) Configure(option string, value any) {
	s.t.Helper()
	for _, sentinel := range s.Sentinels {
		sentinel.Do("sentinel", "set", primaryName, option, value)
	}
}

// sees tells whether the sentinel says this of the primary.
func (s *Server) sees(field, value string) bool {
	s.t.Helper()
	switch primary := s.Do("sentinel", "master", primaryName).(type) {
	case map[any]any: // RESP3
		return primary[field] == value
	default:
		s.t.Fatalf("redistest: SENTINEL MASTER answers %T", primary)
		return false
	}
}
