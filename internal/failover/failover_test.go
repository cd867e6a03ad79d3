package failover_test

import (
	"context"
	"flag"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/redisstore"
)

const (
	roundsVariable = "ROUNDS"       // how many of each scenario
	reportVariable = "FAILOVERS_TO" // where the table and its figures go, without their endings
	addVariable    = "ADD"          // to the figures that are there
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	// These tests wait for servers more than they compute. A -parallel of the
	// command line comes later and wins.
	_ = flag.Set("test.parallel", "8")
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// A variant is one way to set up the store.
type variant struct {
	replicas int // as WithReplicas has it
}

func (v variant) options() []redisstore.Option {
	if v.replicas == 0 {
		return nil
	}
	return []redisstore.Option{redisstore.WithReplicas(v.replicas, answering)}
}

var variants = []variant{{0}, {1}}

// A scenario is something that happens, over and over, to a deployment of its own.
type scenario struct {
	name     string
	kept     bool // Redis keeps its data and has one primary throughout: nothing may be lost
	safeWith bool // with replicas, no claim and no unwarned answer may be lost, since all replicas have them
	open     func(t *testing.T) func(name string, v variant) outcome
}

func behindSentinel(pause bool, minReplicas int) func(*testing.T) func(string, variant) outcome {
	return func(t *testing.T) func(string, variant) outcome {
		s := startSentinels(t)
		return func(name string, v variant) outcome { return s.play(name, pause, minReplicas, v) }
	}
}

func onCluster(nodeTimeout time.Duration, play func(*cluster, string, variant) outcome) func(*testing.T) func(string, variant) outcome {
	return func(t *testing.T) func(string, variant) outcome {
		c := startCluster(t, nodeTimeout)
		return func(name string, v variant) outcome { return play(c, name, v) }
	}
}

var scenarios = []scenario{
	{name: "Sentinel: primary killed", open: behindSentinel(false, 0)},
	{name: "Sentinel: primary killed, min-replicas-to-write 1", open: behindSentinel(false, 1)},
	{name: "Sentinel: primary paused, and a caller left behind with it", open: behindSentinel(true, 0)},
	{name: "Sentinel: primary paused, and a caller left behind with it, min-replicas-to-write 1", open: behindSentinel(true, 1)},
	{name: "Cluster: primary killed", safeWith: true, open: onCluster(downAfter, func(c *cluster, name string, v variant) outcome {
		return c.kill(name, v)
	})},
	{name: "Cluster: slots moved in mid-claim", kept: true, open: onCluster(15*time.Second, func(c *cluster, name string, v variant) outcome {
		return c.migrate(name, v)
	})},
	{name: "Cluster: primary cut off, and a caller with it", open: onCluster(downAfter, func(c *cluster, name string, v variant) outcome {
		return c.part(name, 0, v)
	})},
	{name: "Cluster: primary cut off, and a caller with it, min-replicas-to-write 1", open: onCluster(downAfter, func(c *cluster, name string, v variant) outcome {
		return c.part(name, 1, v)
	})},
}

func TestFailoversLoseNoMoreThanIsSaid(t *testing.T) {
	rounds := 1
	if text := os.Getenv(roundsVariable); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		require.NoError(t, err, roundsVariable)
	}
	to, before := os.Getenv(reportVariable), ""
	if os.Getenv(addVariable) != "" {
		before = to
	}
	r, err := newReport(before)
	require.NoError(t, err)
	require.NoError(t, r.write(to))
	if rounds == 0 {
		return
	}
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			play := s.open(t)
			for range rounds {
				for _, v := range variants {
					o := play(s.name, v)
					assert.Empty(t, o.problems)
					assert.Positive(t, o.calls)
					if s.kept {
						assert.False(t, o.lossy, "%+v", o)
					}
					if s.safeWith && v.replicas > 0 {
						assert.Zero(t, o.claims, "%+v", o)
						assert.Equal(t, o.warned, o.answers, "%+v", o)
					}
					r.add(s.name, v, o)
					require.NoError(t, r.write(to))
				}
			}
		})
	}
}
