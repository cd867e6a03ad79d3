package idemriver_test

import (
	"context"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/riverqueue/river"

	"github.com/idemgen/idemgen/runtime/idemriver"
)

// ChargeArgs are a job's arguments of before there was a task.
type ChargeArgs struct {
	OrderID int `json:"order_id"`
}

func (ChargeArgs) Kind() string { return "charge_order" }

// Where the arguments are not the task, a function makes it of them.
func ExampleNewWorker() {
	charge := newCharge(idem.New(memstore.New()))
	worker := idemriver.NewWorker(func(job *river.Job[ChargeArgs]) (Charge, error) {
		return Charge{Order: job.Args.OrderID}, nil
	}, charge.Run)
	for range 2 {
		fmt.Println(worker.Work(context.Background(), &river.Job[ChargeArgs]{Args: ChargeArgs{OrderID: 123}}))
	}
	// Output:
	// charged order 123
	// <nil>
	// <nil>
}

func ExampleArgs() {
	charge, err := idemriver.Args(&river.Job[Charge]{Args: Charge{Order: 123}})
	fmt.Println(charge.Order, err)
	// Output: 123 <nil>
}

// A slowCharge has a timeout of its own.
type slowCharge struct {
	*idemriver.Worker[Charge]
}

func (slowCharge) Timeout(*river.Job[Charge]) time.Duration { return 10 * time.Minute }

func ExampleWorker() {
	charge := newCharge(idem.New(memstore.New()))
	worker := slowCharge{idemriver.NewWorker(idemriver.Args[Charge], charge.Run)}
	workers := river.NewWorkers()
	river.AddWorker(workers, worker)
	fmt.Println(worker.Timeout(nil), worker.Work(context.Background(), &river.Job[Charge]{Args: Charge{Order: 123}}))
	// Output:
	// charged order 123
	// 10m0s <nil>
}
