package fanout_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/recipes/fanout"
	"github.com/idemgen/idemgen/runtime/idemtest"
)

// endpoints are those of some customers, by their paths.
type endpoints struct {
	mu      sync.Mutex
	answers map[string][]int // statuses, the last one for good
	calls   map[string]int
	keys    map[string]map[string]bool
}

func (e *endpoints) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	path := r.URL.Path
	e.calls[path]++
	if e.keys[path] == nil {
		e.keys[path] = map[string]bool{}
	}
	e.keys[path][r.Header.Get("Idempotency-Key")] = true
	answers := e.answers[path]
	if len(answers) > 1 {
		e.answers[path] = answers[1:]
	}
	w.WriteHeader(answers[0])
}

func TestOnlyWhatFailedIsDeliveredAgain(t *testing.T) {
	customers := &endpoints{
		answers: map[string][]int{"/ada": {200}, "/bob": {503, 200}, "/eve": {410}},
		calls:   map[string]int{}, keys: map[string]map[string]bool{},
	}
	server := httptest.NewServer(customers)
	defer server.Close()
	client := idemtest.NewClient(t)
	publish := fanout.NewIdempotentPublishEvent(client)
	event := fanout.PublishEvent{
		EventID: "evt_1", Body: "paid", Deliver: fanout.NewIdempotentDeliverEvent(client),
		Endpoints: []string{server.URL + "/ada", server.URL + "/bob", server.URL + "/eve"},
	}

	_, err := publish.Run(t.Context(), event)
	require.ErrorContains(t, err, "/bob: 503")
	assert.NotContains(t, err.Error(), "/eve", "gone for good")
	res, err := publish.Run(t.Context(), event)
	require.NoError(t, err)
	assert.False(t, res.Duplicate)
	assert.Equal(t, map[string]int{"/ada": 1, "/bob": 2, "/eve": 1}, customers.calls)
	assert.Len(t, customers.keys["/bob"], 1, "one key for every attempt")

	res, err = publish.Run(t.Context(), event)
	require.NoError(t, err)
	assert.True(t, res.Duplicate)
	assert.Equal(t, 2, customers.calls["/bob"])
}
