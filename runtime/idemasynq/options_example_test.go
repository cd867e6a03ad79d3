package idemasynq_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/idemgen/idemgen/runtime/memstore"

	"github.com/idemgen/idemgen/runtime/idemasynq"
)

// A payload that does not decode is archived: no retry will mend it.
func ExampleNewHandler() {
	charge := newCharge(idem.New(memstore.New()))
	handler := idemasynq.NewHandler(idemasynq.JSON[Charge], charge.Run, idemqueue.WithDelay(time.Minute))
	for _, payload := range []string{`{"Order":123}`, `no JSON`} {
		err := handler.ProcessTask(context.Background(), asynq.NewTask("charge", []byte(payload)))
		fmt.Println("archived:", errors.Is(err, asynq.SkipRetry))
	}
	// Output:
	// charged order 123
	// archived: false
	// archived: true
}

func ExampleJSON() {
	charge, err := idemasynq.JSON[Charge](asynq.NewTask("charge", []byte(`{"Order":123}`)))
	fmt.Println(charge.Order, err)
	// Output: 123 <nil>
}

// A task that waits for an execution in progress has not failed, and comes again after
// the handler's delay.
func ExampleConfigure() {
	config := idemasynq.Configure(asynq.Config{Concurrency: 10})
	task := asynq.NewTask("charge", []byte(`{"Order":123}`))
	waits := idemqueue.Judge(idem.ErrInProgress).Err() // as NewHandler's handlers return it
	fmt.Println("failed:", config.IsFailure(waits), "again after:", config.RetryDelayFunc(1, waits, task))
	fmt.Println("failed:", config.IsFailure(errors.New("the bank does not answer")))
	// Output:
	// failed: false again after: 5s
	// failed: true
}
