package idemwatermill_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/idemgen/idemgen/internal/queuetest"
)

func TestMain(m *testing.M) { queuetest.Main(m, serve) }

// serve is a worker's main.
func serve(ctx context.Context, w *queuetest.Worker) error {
	router, err := charging(w.Redis, w.Charge, func(h message.NoPublishHandlerFunc) message.NoPublishHandlerFunc { return h })
	if err != nil {
		return err
	}
	return router.Run(ctx) // when ctx ends, waits for what is under way
}

// The stream's subscriber does not acknowledge what is handled while it closes: the
// next worker gets it again, as a duplicate.
func TestProcesses(t *testing.T) {
	queuetest.Processes(t, func(t *testing.T, shop *queuetest.Shop) queuetest.Queue { return attach(t, shop) })
}

func (q *queue) Name() string { return "charges" }

func (q *queue) Deliver(order int) { q.deliver(fmt.Sprintf(`{"id":%d}`, order)) }

func (q *queue) Dead(order int) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dead[fmt.Sprintf(`{"id":%d}`, order)]
}

// Redeliver has nothing to do: the subscriber's MaxIdleTime and ClaimInterval are short.
func (q *queue) Redeliver() {}
