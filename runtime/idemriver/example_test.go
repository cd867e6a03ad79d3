package idemriver_test

import (
	"context"
	"fmt"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/riverqueue/river"

	"github.com/idemgen/idemgen/runtime/idemriver"
)

// A Charge is both the task and the arguments of a job. In a program of yours it is
// annotated, and its wrapper generated:
//
//	//idem:task key=Order wait=0
type Charge struct {
	Order int `json:"order"`
}

func (Charge) Kind() string { return "charge" }

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
	worker := idemriver.NewWorker(idemriver.Args[Charge], charge.Run)
	workers := river.NewWorkers()
	river.AddWorker(workers, worker) // for river.Config.Workers

	// What a client does with a job that it works twice:
	for range 2 {
		err := worker.Work(context.Background(), &river.Job[Charge]{Args: Charge{Order: 123}})
		fmt.Println("error:", err)
	}
	// Output:
	// charged order 123
	// error: <nil>
	// error: <nil>
}
