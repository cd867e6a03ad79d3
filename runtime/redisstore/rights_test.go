package redisstore_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// documentedRights reads the ACL rules that docs/operations.md lists, so that
// what is tested is what is told.
func documentedRights(t *testing.T) (rules string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	listed := regexp.MustCompile(`user app on >PASSWORD ((?:[~&+]\S+\s+)+)`).FindSubmatch(text)
	require.NotNil(t, listed, "docs/operations.md lists the rights")
	return strings.Join(strings.Fields(string(listed[1])), " ")
}

// connecting is what go-redis itself needs, by the same page. Without
// client|setinfo, which servers before 7.2 do not know, it does as well.
const connecting = " +hello +client|setname"

// as returns a store whose user has exactly these rights.
func as(t *testing.T, rules string) (*redistest.Server, *redisstore.Store) {
	t.Helper()
	server := redistest.Start(t, redistest.WithUser("app", "secret", "resetchannels "+rules))
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "app", Password: "secret"})
	store := redisstore.New(client)
	t.Cleanup(func() {
		_ = store.Close()
		_ = client.Close()
	})
	return server, store
}

// waitForAnother has one client wait for another's execution.
func waitForAnother(t *testing.T, server *redistest.Server, store *redisstore.Store) {
	t.Helper()
	started, finish := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = jobs(idem.New(store), func(context.Context, string) (string, error) {
			close(started)
			<-finish
			return "answer", nil
		}).Run(context.Background(), "job")
	}()
	<-started
	results := make(chan idem.Result[string], 1)
	go func() {
		res, err := jobs(idem.New(store), nothing).Run(context.Background(), "job")
		assert.NoError(t, err)
		results <- res
	}()
	awaitMark(t, server)
	close(finish)
	assert.Equal(t, "answer", (<-results).Value)
}

func TestTheDocumentedRightsSuffice(t *testing.T) {
	server, store := as(t, documentedRights(t)+connecting)
	waitForAnother(t, server, store)
	findings, err := store.Check(t.Context())
	require.NoError(t, err)
	for _, f := range findings {
		assert.Equal(t, "not checked", f.Subject, f.String())
	}
	assert.NotEmpty(t, findings, "of settings Check sees nothing, and says so")
}

func TestTheDocumentedRightsSufficeOnACluster(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	onACluster := regexp.MustCompile("on a Cluster `([^`]+)`").FindSubmatch(text)
	require.NotNil(t, onACluster, "docs/operations.md lists the rights")
	rights := documentedRights(t) + connecting + " " + strings.Join(strings.Fields(string(onACluster[1])), " ")
	c := redistest.StartCluster(t, redistest.WithUser("app", "secret", "resetchannels "+rights+" +wait"))
	store := openOn(t, c.Client(func(o *redis.ClusterOptions) { o.Username, o.Password = "app", "secret" }),
		redisstore.WithReplicas(1, 10*time.Second))
	for i := range c.Primaries {
		_, err := jobs(idem.New(store), answer).Run(t.Context(), jobOf(c, i, "job"))
		require.NoError(t, err)
	}
	key := c.KeyOf(0, jobPrefix+"moved")
	m := move{c.Primaries[0].Slot(key), c.Primaries[0], c.Primaries[1]}
	m.begin()
	record := claim(t, store, key, newClaim()) // by ASK
	m.end()
	complete(t, store, key, record) // by MOVED
	for _, f := range findings(t, store) {
		assert.Contains(t, f, "not checked")
	}
}

func TestNoneOfTheDocumentedRightsIsSuperfluous(t *testing.T) {
	all := strings.Fields(documentedRights(t))
	for _, right := range all {
		// Nothing fails at once without these: idle connections are dropped, and
		// channels stay subscribed that nobody listens to.
		if right == "+ping" || right == "+unsubscribe" {
			continue
		}
		t.Run(right, func(t *testing.T) {
			var rest []string
			for _, r := range all {
				if r != right {
					rest = append(rest, r)
				}
			}
			_, store := as(t, strings.Join(rest, " ")+connecting)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			findings, err := store.Check(ctx)
			require.NoError(t, err)
			subjects := map[string]bool{}
			for _, f := range findings {
				subjects[f.Subject] = true
			}
			assert.True(t, subjects["rights"] || subjects["wake-ups"], "Check finds that %s is missing", right)
		})
	}
}

func TestWithoutChannelRightsThoseWhoWaitPoll(t *testing.T) {
	rights := regexp.MustCompile(`&\S+ |\+(un)?subscribe ?|\+publish ?`).ReplaceAllString(documentedRights(t)+" ", "")
	server, store := as(t, rights+connecting)
	waitForAnother(t, server, store)
	findings, err := store.Check(t.Context())
	require.NoError(t, err)
	var subjects []string
	for _, f := range findings {
		subjects = append(subjects, f.Subject)
	}
	assert.Contains(t, subjects, "wake-ups")
	assert.NotContains(t, subjects, "rights")
}

func TestAMissingRightEndsACompletionAtOnce(t *testing.T) {
	server, store := as(t, documentedRights(t)+connecting)
	began := time.Now()
	res, err := jobs(idem.New(store), func(context.Context, string) (string, error) {
		server.Do("acl", "setuser", "app", "-evalsha", "-eval", "-set")
		return "answer", nil
	}, idem.WithLease(time.Minute)).Run(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrNotRecorded)
	assert.ErrorContains(t, err, "NOPERM")
	assert.Equal(t, "answer", res.Value)
	assert.Less(t, time.Since(began), 30*time.Second, "no retry for a lease of a minute")
}
