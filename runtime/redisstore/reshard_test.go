package redisstore_test

import (
	"net"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// A move brings one slot from a Cluster's primary to another, in the steps that
// redis-cli --cluster reshard takes.
type move struct {
	slot     int
	from, to *redistest.Server
}

func (m move) begin() {
	m.to.Do("cluster", "setslot", m.slot, "importing", m.from.NodeID())
	m.from.Do("cluster", "setslot", m.slot, "migrating", m.to.NodeID())
}

func (m move) keys() {
	host, port, _ := net.SplitHostPort(m.to.Addr)
	keys := m.from.Do("cluster", "getkeysinslot", m.slot, 1000).([]any)
	m.from.Do(append([]any{"migrate", host, port, "", 0, 10_000, "keys"}, keys...)...)
}

func (m move) end() {
	m.to.Do("cluster", "setslot", m.slot, "node", m.to.NodeID())
	m.from.Do("cluster", "setslot", m.slot, "node", m.to.NodeID())
}

// redirections counts how often a server has answered with MOVED or ASK.
func redirections(s *redistest.Server, kind string) int {
	found := regexp.MustCompile(`errorstat_` + kind + `:count=(\d+)`).FindStringSubmatch(s.Do("info", "errorstats").(string))
	if found == nil {
		return 0
	}
	n, _ := strconv.Atoi(found[1])
	return n
}

func TestASlotThatMovesWhileAClaimIsHeldIsFollowed(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	for name, opts := range map[string][]redisstore.Option{
		"without replicas": nil,
		"with replicas":    {redisstore.WithReplicas(1, 10*time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			tag := c.KeyOf(0, name)
			m := move{c.Primaries[0].Slot(tag), c.Primaries[0], c.Primaries[1]}
			// What happens to a held claim, or to a key that nobody has seen, at each
			// stage of the move, by a store that has not heard of it.
			type scene struct {
				store *redisstore.Store
				key   string // held by claim
				free  string
				claim idem.Claim
				own   []byte
			}
			steps := map[string]func(t *testing.T, s scene){
				"claim": func(t *testing.T, s scene) { claim(t, s.store, s.free, newClaim()) },
				"contend": func(t *testing.T, s scene) {
					reply, err := s.store.Contend(t.Context(), s.key, newClaim())
					require.NoError(t, err)
					assert.False(t, reply.Owned)
					assert.Equal(t, string(idem.Marked(s.own)), string(reply.Record))
				},
				"contend for nothing": func(t *testing.T, s scene) {
					reply, err := s.store.Contend(t.Context(), s.free, newClaim())
					require.NoError(t, err)
					assert.True(t, reply.Owned)
				},
				"heartbeat": func(t *testing.T, s scene) {
					other := c.KeyOf(0, "stays "+t.Name()) // where it is
					leases := []idem.Lease{
						{Key: other, Record: claim(t, s.store, other, s.claim), Retention: s.claim.Retention},
						{Key: s.key, Record: s.own, Retention: s.claim.Retention},
					}
					s.store.Heartbeat(t.Context(), leases, func(i int, err error) { assert.NoError(t, err, "claim %d", i) })
				},
				"complete": func(t *testing.T, s scene) { complete(t, s.store, s.key, s.own) },
				"lookup": func(t *testing.T, s scene) {
					reply, err := s.store.Lookup(t.Context(), s.key)
					require.NoError(t, err)
					assert.Equal(t, string(s.own), string(reply.Record))
				},
			}
			scenes := map[string]map[string]scene{}
			stages := []string{"before its keys", "with its keys", "for good"}
			for _, stage := range stages {
				scenes[stage] = map[string]scene{}
				for step := range steps {
					s := scene{
						store: openOn(t, c.Client(unasked), opts...), claim: newClaim(),
						key: "{" + tag + "} held " + stage + step, free: "{" + tag + "} free " + stage + step,
					}
					s.own = claim(t, s.store, s.key, s.claim) // which also lets the client learn where slots are
					scenes[stage][step] = s
				}
			}
			play := func(stage, redirection string, always bool) {
				for step, f := range steps {
					t.Run(stage+", "+step, func(t *testing.T) {
						before := redirections(m.from, redirection)
						f(t, scenes[stage][step])
						if always {
							assert.Greater(t, redirections(m.from, redirection), before, "it was redirected")
						}
					})
				}
			}
			m.begin()
			play(stages[0], "ASK", false) // what is there is served there
			m.keys()
			play(stages[1], "ASK", true)
			m.end()
			play(stages[2], "MOVED", true)
		})
	}

	t.Run("heartbeats of claims that went to different servers", func(t *testing.T) {
		store := openOn(t, c.Client(unasked))
		var leases []idem.Lease
		for i, to := range c.Primaries[1:] {
			claimed := newClaim()
			key := c.KeyOf(0, "parted "+strconv.Itoa(i))
			leases = append(leases, idem.Lease{Key: key, Record: claim(t, store, key, claimed), Retention: claimed.Retention})
			m := move{c.Primaries[0].Slot(key), c.Primaries[0], to}
			m.begin()
			m.keys()
			m.end()
			to.Do("script", "flush")
		}
		store.Heartbeat(t.Context(), leases, func(i int, err error) { assert.NoError(t, err, "claim %d", i) })
	})
}
