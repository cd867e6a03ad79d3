package failover_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

// A cluster is a deployment of three primaries with a replica each. The first pair
// is the one to which something happens.
type cluster struct {
	t *testing.T
	*redistest.Cluster
	nodeTimeout string // in milliseconds
	network     *redistest.Network
	admin       map[*redistest.Server]*redis.Client
}

// startCluster starts one whose servers count as failed after nodeTimeout.
func startCluster(t *testing.T, nodeTimeout time.Duration) *cluster {
	t.Helper()
	c := &cluster{
		t: t, nodeTimeout: strconv.FormatInt(nodeTimeout.Milliseconds(), 10),
		network: redistest.NewNetwork(t), admin: map[*redistest.Server]*redis.Client{},
	}
	c.Cluster = redistest.StartCluster(t, redistest.In(c.network), redistest.WithConfig("cluster-require-full-coverage no",
		"cluster-replica-validity-factor 0")) // on a busy machine a replica would soon be too old to be promoted
	for _, server := range c.Nodes() {
		c.admin[server] = admin(t, server)
	}
	return c
}

// pair returns the two servers of the first shard, the primary first, once they
// and all others agree on who that is.
func (c *cluster) pair() (primary, replica *redistest.Server) {
	c.t.Helper()
	await(c.t, "a Cluster that is well", func() bool {
		primary, replica = nil, nil
		for _, server := range []*redistest.Server{c.Primaries[0], c.Replicas[0]} {
			switch info := replication(c.admin[server]); {
			case strings.Contains(info, "role:master") && strings.Contains(info, "state=online"):
				primary = server
			case strings.Contains(info, "role:slave") && strings.Contains(info, "master_link_status:up"):
				replica = server
			}
		}
		if primary == nil || replica == nil {
			return false
		}
		id := c.admin[primary].Do(context.Background(), "cluster", "myid").Val()
		return !slices.ContainsFunc(c.Nodes(), func(server *redistest.Server) bool {
			return !c.well(server, fmt.Sprint(id))
		})
	})
	return primary, replica
}

// well tells whether a server sees no other in trouble, and the first slot with its
// primary.
func (c *cluster) well(server *redistest.Server, primary string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), answering)
	defer cancel()
	nodes := c.admin[server].ClusterNodes(ctx).Val()
	if nodes == "" || strings.Contains(nodes, "fail") || strings.Contains(nodes, "handshake") || strings.Contains(nodes, "disconnected") {
		return false
	}
	for line := range strings.Lines(nodes) {
		if strings.HasPrefix(line, primary) {
			return strings.Contains(line, "master") && strings.Contains(c.admin[server].ClusterInfo(ctx).Val(), "cluster_state:ok")
		}
	}
	return false
}

// open opens a client, beside a server if one is given.
func (c *cluster) open(beside *redistest.Server) *redis.ClusterClient {
	o := &redis.ClusterOptions{
		Addrs: c.Public(), DialTimeout: answering, ReadTimeout: 2 * answering, WriteTimeout: answering, DialerRetries: 1,
	}
	if beside != nil {
		o.Dialer = beside.Beside()
	}
	return redis.NewClusterClient(o)
}

// start makes a round's callers; one of them is beside a server, if one is given.
func (c *cluster) start(name string, newKey func() string, minReplicas int, v variant, beside *redistest.Server) *round {
	c.t.Helper()
	for _, server := range c.Nodes() {
		c.admin[server].ConfigSet(context.Background(), "min-replicas-to-write", strconv.Itoa(minReplicas))
		c.admin[server].ConfigSet(context.Background(), "min-replicas-max-lag", "2")
		c.admin[server].ConfigSet(context.Background(), "cluster-node-timeout", c.nodeTimeout)
	}
	r := newRound(c.t, name, newKey)
	first := "first"
	if beside != nil {
		first = "left behind"
	}
	r.join(first, c.open(beside), v.options()...)
	r.join("second", c.open(nil), v.options()...)
	// Each learns where slots are while all are there.
	for _, client := range r.clients {
		await(c.t, "a client that knows the Cluster", func() bool { return client.Exists(context.Background(), "").Err() == nil })
	}
	r.load()
	r.sleep(150*time.Millisecond, 350*time.Millisecond, r.random)
	return r
}

// finish ends a round when all is well again.
func (c *cluster) finish(r *round) outcome {
	c.t.Helper()
	r.pairs.Wait()
	c.pair()
	r.audit(c.open(nil))
	r.end()
	return r.judge()
}

// kill is a round in which a primary is killed.
func (c *cluster) kill(name string, v variant) outcome {
	c.t.Helper()
	primary, replica := c.pair()
	r := c.start(name, c.keysOf(primary), 0, v, nil)
	primary.Kill()
	await(c.t, "a promoted replica", func() bool { return c.isPrimary(replica) })
	r.sleep(150*time.Millisecond, 250*time.Millisecond, r.random)
	close(r.stop)
	primary.Restart()
	return c.finish(r)
}

func (c *cluster) isPrimary(server *redistest.Server) bool {
	return strings.Contains(replication(c.admin[server]), "role:master")
}

// part is a round in which a primary is cut off, together with one of two callers,
// for as long as it takes until its replica has been promoted and those who wait
// have seen what was claimed before become stale.
func (c *cluster) part(name string, minReplicas int, v variant) outcome {
	c.t.Helper()
	primary, replica := c.pair()
	r := c.start(name, c.keysOf(primary), minReplicas, v, primary)
	c.network.Part(primary)
	parted := time.Now()
	await(c.t, "a promoted replica", func() bool { return c.isPrimary(replica) })
	r.sleep(lease/2, lease, r.random)
	healed := time.Now()
	c.network.Heal()
	await(c.t, "an old primary that has stepped down", func() bool {
		return strings.Contains(replication(c.admin[primary]), "role:slave")
	})
	r.sleep(150*time.Millisecond, 250*time.Millisecond, r.random)
	close(r.stop)
	o := c.finish(r)
	if v.replicas > 0 {
		o.problems = append(o.problems, r.begunBy("left behind", parted, healed)...)
	}
	return o
}

// migrate is a round in which slots move, each while claims in it are held, back
// and forth between two primaries.
func (c *cluster) migrate(name string, v variant) outcome {
	c.t.Helper()
	from, _ := c.pair()
	to := c.Primaries[1]
	const moving = 8
	slots := make([]int, 0, moving)
	all := c.slotsOf(from)
	for _, i := range rand.Perm(len(all))[:moving] {
		slots = append(slots, all[i])
	}
	pool := keysIn(slots)
	r := c.start(name, pool, 0, v, nil)
	for _, there := range []bool{true, false} {
		source, target := from, to
		if !there {
			source, target = to, from
		}
		for _, slot := range slots {
			c.move(r, slot, source, target)
		}
	}
	r.sleep(50*time.Millisecond, 150*time.Millisecond, r.random)
	close(r.stop)
	return c.finish(r)
}

// move brings a slot to another primary in the steps of redis-cli, with pauses in
// which callers meet each of them.
func (c *cluster) move(r *round, slot int, from, to *redistest.Server) {
	to.Do("cluster", "setslot", slot, "importing", from.NodeID())
	from.Do("cluster", "setslot", slot, "migrating", to.NodeID())
	r.sleep(time.Millisecond, 15*time.Millisecond, r.random)
	host, port, _ := net.SplitHostPort(to.Addr)
	for {
		keys := from.Do("cluster", "getkeysinslot", slot, 5).([]any)
		if len(keys) == 0 {
			break
		}
		from.Do(append([]any{"migrate", host, port, "", 0, 10_000, "keys"}, keys...)...)
		r.sleep(time.Millisecond, 5*time.Millisecond, r.random)
	}
	to.Do("cluster", "setslot", slot, "node", to.NodeID())
	r.sleep(time.Millisecond, 5*time.Millisecond, r.random)
	from.Do("cluster", "setslot", slot, "node", to.NodeID())
}

// slotsOf lists the slots of a primary.
func (c *cluster) slotsOf(primary *redistest.Server) (slots []int) {
	c.t.Helper()
	id := primary.NodeID()
	shards, err := c.admin[primary].ClusterShards(context.Background()).Result()
	require.NoError(c.t, err)
	for _, shard := range shards {
		if !slices.ContainsFunc(shard.Nodes, func(n redis.Node) bool { return n.ID == id }) {
			continue
		}
		for _, r := range shard.Slots {
			for slot := int(r.Start); slot <= int(r.End); slot++ {
				slots = append(slots, slot)
			}
		}
	}
	require.NotEmpty(c.t, slots)
	return slots
}

// keysOf returns a source of keys that a primary has.
func (c *cluster) keysOf(primary *redistest.Server) func() string {
	return keysIn(c.slotsOf(primary))
}

var serial atomic.Int64 // no two rounds share a key

// keysIn returns a source of keys in some slots.
func keysIn(slots []int) func() string {
	wanted := map[int]bool{}
	for _, slot := range slots {
		wanted[slot] = true
	}
	var mu sync.Mutex
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		for {
			key := strconv.FormatInt(serial.Add(1), 10)
			if wanted[slotOf(keyPrefix+key)] {
				return key
			}
		}
	}
}

// slotOf is CRC-16/XMODEM of a key without hash tags, as the Cluster's
// specification says.
func slotOf(key string) int {
	crc := uint16(0)
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc % 16384)
}
