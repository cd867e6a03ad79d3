package idemasynq_test

import (
	"context"
	"fmt"

	"github.com/hibiken/asynq"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"

	"github.com/idemgen/idemgen/runtime/idemasynq"
)

// A Charge is the task. In a program of yours it is annotated, and its wrapper
// generated:
//
//	//idem:task key=Order wait=0
type Charge struct {
	Order int
}

func newCharge(client *idem.Client) *idem.Task[Charge, string] {
	return idem.NewTask(client, idem.Spec[Charge, string]{
		Name: "billing.Charge",
		Key:  func(k *idem.KeyWriter, c Charge) { k.Part("Order").Int(int64(c.Order)) },
		Run: func(_ context.Context, c Charge) (string, error) {
			fmt.Println("charged order", c.Order)
			return "receipt", nil
		},
	}, idem.WithWait(0))
}

func Example() {
	charge := newCharge(idem.New(memstore.New())) // redisstore, in a program of yours
	mux := asynq.NewServeMux()
	mux.Handle("charge", idemasynq.NewHandler(idemasynq.JSON[Charge], charge.Run))

	config := idemasynq.Configure(asynq.Config{Concurrency: 10})
	server := asynq.NewServer(asynq.RedisClientOpt{Addr: "localhost:6379"}, config)
	_ = server // server.Run(mux) serves until the process is told to end

	// What the server does with a task that it delivers twice:
	for range 2 {
		err := mux.ProcessTask(context.Background(), asynq.NewTask("charge", []byte(`{"Order":123}`)))
		fmt.Println("error:", err)
	}
	// Output:
	// charged order 123
	// error: <nil>
	// error: <nil>
}
