package redisstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Finding is something about a Redis that weakens what idemgen promises, or
// makes it slower.
type Finding struct {
	Subject string // what it is about, for instance "maxmemory-policy"
	Problem string // what is the case, and what follows from it
	Remedy  string // what to do
	Nodes   string // the servers of a Cluster where it is so, else empty
}

// String returns the finding as one line.
func (f Finding) String() string {
	at := ""
	if f.Nodes != "" {
		at = " (" + f.Nodes + ")"
	}
	return fmt.Sprintf("%s%s: %s: %s", f.Subject, at, f.Problem, f.Remedy)
}

// Check looks at how Redis is set up, and tries each of the store's commands on a
// key of its own that expires within seconds, see [WithProbeKey]. On a Cluster it
// looks at every server, and has a key for each primary. Its findings are in order
// of their subjects; none is good news. An error means that Redis could not be
// asked.
func (s *Store) Check(ctx context.Context) ([]Finding, error) {
	if s.refusal != nil {
		return nil, s.refusal
	}
	c := checker{store: s, found: make(map[Finding][]string), masters: make(map[string]*redis.Client)}
	_, err := offload(ctx, func(ctx context.Context) (struct{}, error) {
		if err := c.checkServers(ctx); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, c.checkRights(ctx)
	})
	if err != nil {
		return nil, err
	}
	return c.findings(), nil
}

// A checker collects findings from servers that are asked side by side.
type checker struct {
	store *Store

	mu      sync.Mutex
	found   map[Finding][]string     // with the nodes where it is so
	masters map[string]*redis.Client // of a Cluster: those that answer
}

func (c *checker) add(node string, f Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found[f] = append(c.found[f], node)
}

func (c *checker) findings() []Finding {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Finding, 0, len(c.found))
	for f, nodes := range c.found {
		slices.Sort(nodes)
		f.Nodes = strings.TrimLeft(strings.Join(slices.Compact(nodes), ", "), ", ")
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Finding) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// checkServers looks at the settings of every server that has keys, or may have
// them once it is promoted.
func (c *checker) checkServers(ctx context.Context) error {
	cluster, ok := c.store.client.(*redis.ClusterClient)
	if !ok {
		return c.checkServer(ctx, "", c.store.client, true)
	}
	// That one server is silent is a finding: it keeps nobody from looking at the others.
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		name := node.Options().Addr
		if err := c.checkServer(ctx, name, node, true); err != nil {
			return c.silent(ctx, name, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.masters[name] = node
		return nil
	})
	if err != nil {
		return err
	}
	return cluster.ForEachSlave(ctx, func(ctx context.Context, node *redis.Client) error {
		name := node.Options().Addr
		return c.silent(ctx, name, c.checkServer(ctx, name, node, false))
	})
}

// silent tells of a Cluster's server that cannot be asked.
func (c *checker) silent(ctx context.Context, node string, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	c.add(node, Finding{
		Subject: "server",
		Problem: fmt.Sprintf("it cannot be asked: %v", err),
		Remedy:  "start it again, or take it out of the Cluster",
	})
	return nil
}

func (c *checker) checkServer(ctx context.Context, name string, node redis.Cmdable, primary bool) error {
	text, err := node.Info(ctx).Result()
	switch {
	case isReply(err):
		c.unseen(name, "version, maxmemory-policy, persistence and replication", "+info", err)
	case err != nil:
		return err
	default:
		info := parseInfo(text)
		c.checkVersion(name, info)
		c.checkEviction(name, info)
		if primary {
			c.checkReplication(name, info)
		}
		if err := c.checkPersistence(ctx, name, node, info); err != nil {
			return err
		}
	}
	return c.checkClock(ctx, name, node)
}

// unseen tells of what cannot be checked.
func (c *checker) unseen(node, what, right string, err error) {
	c.add(node, Finding{
		Subject: "not checked",
		Problem: fmt.Sprintf("%s cannot be seen: %v", what, err),
		Remedy:  "grant " + right + ", or look yourself",
	})
}

func (c *checker) checkVersion(node string, info map[string]string) {
	version := info["redis_version"]
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < 7 {
		c.add(node, Finding{
			Subject: "version",
			Problem: "Redis " + version + " has no SET with both NX and GET: every claim runs a script",
			Remedy:  "use Redis 7.0 or newer, or Valkey",
		})
	}
}

func (c *checker) checkEviction(node string, info map[string]string) {
	policy := info["maxmemory_policy"]
	if policy == "" || policy == "noeviction" {
		return
	}
	c.add(node, Finding{
		Subject: "maxmemory-policy",
		Problem: policy + " lets Redis evict records when its memory is full: their tasks run again",
		Remedy:  "set maxmemory-policy noeviction, or give idemgen a Redis of its own",
	})
}

func (c *checker) checkReplication(node string, info map[string]string) {
	if info["role"] == "slave" {
		c.add(node, Finding{
			Subject: "role",
			Problem: "this server is a replica and refuses to write",
			Remedy:  "connect to the primary, for instance by redis.NewFailoverClient",
		})
		return
	}
	connected, _ := strconv.Atoi(info["connected_slaves"])
	if _, bounded := info["min_slaves_good_slaves"]; connected > 0 && !bounded {
		c.add(node, Finding{
			Subject: "min-replicas-to-write",
			Problem: "it is 0: a primary that is cut off from its replicas goes on accepting claims, beside the one that takes its place",
			Remedy:  "set min-replicas-to-write to 1 or more",
		})
	}
	if want := c.store.replicas.count; connected < want {
		c.add(node, Finding{
			Subject: "WithReplicas",
			Problem: fmt.Sprintf("it asks for %d replicas, and %d are connected: claims are refused", want, connected),
			Remedy:  "connect more replicas, or ask for fewer",
		})
	}
}

func (c *checker) checkPersistence(ctx context.Context, name string, node redis.Cmdable, info map[string]string) error {
	if info["aof_enabled"] == "0" {
		c.add(name, Finding{
			Subject: "appendonly",
			Problem: "it is off: a restart loses the records since the last snapshot, or all; their tasks run again",
			Remedy:  "set appendonly yes, and appendfsync everysec or always",
		})
		return nil
	}
	values, err := node.ConfigGet(ctx, "appendfsync").Result()
	switch {
	case isReply(err):
		c.unseen(name, "appendfsync", "+config|get", err)
	case err != nil:
		return err
	case values["appendfsync"] == "no":
		c.add(name, Finding{
			Subject: "appendfsync",
			Problem: "it is no: a crash of the machine loses the records of half a minute; their tasks run again",
			Remedy:  "set appendfsync everysec (which may lose a second) or always",
		})
	}
	return nil
}

// clockTolerance is how far two clocks that are kept by NTP may well be apart.
const clockTolerance = time.Second

func (c *checker) checkClock(ctx context.Context, name string, node redis.Cmdable) error {
	sent := time.Now()
	theirs, err := node.Time(ctx).Result()
	received := time.Now()
	switch {
	case isReply(err):
		c.unseen(name, "the clock", "+time", err)
		return nil
	case err != nil:
		return err
	}
	ahead := theirs.Sub(received)
	if behind := sent.Sub(theirs); behind > ahead {
		ahead = behind
	}
	if ahead > clockTolerance {
		c.add(name, Finding{
			Subject: "clock",
			Problem: fmt.Sprintf("the clocks of Redis and of this machine are more than %v apart: should a server with "+
				"another clock be promoted, or this one be set, live leases may look stale", clockTolerance),
			Remedy: "keep all clocks by NTP, slewing rather than stepping them",
		})
	}
	return nil
}

// parseInfo reads what INFO replies.
func parseInfo(text string) map[string]string {
	return maps.Collect(func(yield func(name, value string) bool) {
		for line := range strings.Lines(text) {
			name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
			if ok && !yield(name, value) {
				return
			}
		}
	})
}
