package redistest

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// slots is how many there are in a Cluster.
const slots = 16384

// A Cluster is three primaries that share the slots, each with a replica. Which
// is which is as of the start: a failover changes it.
type Cluster struct {
	Primaries []*Server
	Replicas  []*Server // Replicas[i] is that of Primaries[i]

	t testing.TB
}

// StartCluster runs a Cluster until the test ends, all of its servers with the
// same options. A busy machine makes none of them look failed: whoever waits for a
// failover sets cluster-node-timeout by [Cluster.Configure].
func StartCluster(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	opts = append(slices.Clip(opts), inCluster, WithConfig("cluster-node-timeout 1000")) // the shorter, the sooner it forms
	for range 3 {
		c.Primaries = append(c.Primaries, Start(t, opts...))
		c.Replicas = append(c.Replicas, Start(t, opts...))
	}
	c.form()
	c.Configure("cluster-node-timeout", 15_000)
	return c
}

// Configure sets an option of redis.conf on every server.
func (c *Cluster) Configure(option string, value any) {
	c.t.Helper()
	for _, s := range c.Nodes() {
		s.Do("config", "set", option, value)
	}
}

// inCluster gives a server a port for the Cluster's own traffic; [Start] looks
// for a free one.
func inCluster(s *Server) { s.clusterPort = "0" }

// Nodes returns all servers.
func (c *Cluster) Nodes() []*Server {
	return slices.Concat(c.Primaries, c.Replicas)
}

// Addrs returns the addresses of all servers.
func (c *Cluster) Addrs() []string { return addrs(c.Nodes()) }

// Public returns the addresses of all servers in their [Network].
func (c *Cluster) Public() []string {
	var list []string
	for _, s := range c.Nodes() {
		list = append(list, net.JoinHostPort("127.0.0.1", s.port))
	}
	return list
}

func addrs(servers []*Server) []string {
	list := make([]string, len(servers))
	for i, s := range servers {
		list[i] = s.Addr
	}
	return list
}

// Client opens a client that is closed when the test ends. An option may change
// how.
func (c *Cluster) Client(opts ...func(*redis.ClusterOptions)) *redis.ClusterClient {
	o := &redis.ClusterOptions{Addrs: c.Addrs(), TLSConfig: c.Primaries[0].TLS}
	for _, opt := range opts {
		opt(o)
	}
	client := redis.NewClusterClient(o)
	c.t.Cleanup(func() { _ = client.Close() })
	return client
}

// KeyOf returns a key with the prefix that belonged to Primaries[i] at the start.
func (c *Cluster) KeyOf(i int, prefix string) string {
	c.t.Helper()
	from, to := share(i)
	for n := 0; ; n++ {
		key := prefix + strconv.Itoa(n)
		if slot := c.Primaries[i].Slot(key); slot >= from && slot <= to {
			return key
		}
	}
}

// Serves tells whether the key is one of the server's own, as it sees it.
func (s *Server) Serves(key string) bool {
	s.t.Helper()
	err := s.admin.Exists(context.Background(), key).Err()
	if _, moved := redis.IsMovedError(err); err != nil && !moved {
		s.t.Fatalf("redistest: EXISTS: %v", err)
	}
	return err == nil
}

// Slot returns the slot to which a key belongs.
func (s *Server) Slot(key string) int {
	s.t.Helper()
	return int(s.Do("cluster", "keyslot", key).(int64))
}

// NodeID returns the name by which the other servers know one.
func (s *Server) NodeID() string {
	s.t.Helper()
	return s.Do("cluster", "myid").(string)
}

// Count adds up how often all servers have executed a command, see
// [Server.CommandStats].
func (c *Cluster) Count(command string) int {
	c.t.Helper()
	n := 0
	for _, s := range c.Nodes() {
		n += s.CommandStats()[command]
	}
	return n
}

// form makes a Cluster of servers that do not know each other, and waits until
// all agree that it works.
func (c *Cluster) form() {
	c.t.Helper()
	for i, s := range c.Nodes() {
		s.Do("cluster", "set-config-epoch", i+1) // without it, they would have to settle who is who
		for _, other := range c.Nodes()[:i] {
			host, port, _ := net.SplitHostPort(other.Addr)
			s.Do("cluster", "meet", host, port, other.clusterPort)
		}
	}
	for i, s := range c.Primaries {
		from, to := share(i)
		s.Do("cluster", "addslotsrange", from, to)
	}
	for i, replica := range c.Replicas {
		id := c.Primaries[i].NodeID()
		await(c.t, replica.Addr+" knowing its primary", func() bool {
			return strings.Contains(replica.Do("cluster", "nodes").(string), id)
		})
		replica.Do("cluster", "replicate", id)
	}
	c.AwaitOK()
}

// AwaitOK waits until every server sees each slot served by a primary with a
// replica, and has caught up with its own.
func (c *Cluster) AwaitOK() {
	c.t.Helper()
	for _, s := range c.Nodes() {
		await(c.t, s.Addr+" agreeing that the Cluster works", s.seesClusterOK)
	}
}

func (s *Server) seesClusterOK() bool {
	s.t.Helper()
	if !strings.Contains(s.Do("cluster", "info").(string), "cluster_state:ok") {
		return false
	}
	if info := s.Do("info", "replication").(string); !strings.Contains(info, "role:master") &&
		!strings.Contains(info, "master_link_status:up") {
		return false
	}
	shards, err := s.admin.ClusterShards(context.Background()).Result()
	if err != nil {
		s.t.Fatalf("redistest: CLUSTER SHARDS: %v", err)
	}
	served := int64(0)
	for _, shard := range shards {
		for _, node := range shard.Nodes {
			if node.Health != "online" {
				return false
			}
		}
		for _, r := range shard.Slots {
			if len(shard.Nodes) == 2 {
				served += r.End - r.Start + 1
			}
		}
	}
	return served == slots
}

// share returns the slots with which Primaries[i] starts.
func share(i int) (from, to int) { return i * slots / 3, (i+1)*slots/3 - 1 }
