package idemqueue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// A record as Kafka delivers it.
type record struct {
	offset int
	value  string
}

// A partition stands for one of Kafka's that is consumed: in order, from the offset that
// was committed last.
type partition struct {
	records   []string
	position  int
	committed int
}

var errEnd = errors.New("the end of the partition")

func (p *partition) Receive(context.Context) (record, error) {
	if p.position == len(p.records) {
		return record{}, errEnd // Kafka would wait for more
	}
	r := record{p.position, p.records[p.position]}
	p.position++
	return r, nil
}

// Ack would be a commit of the offset after the record's.
func (p *partition) Ack(_ context.Context, r record) error {
	p.committed = r.offset + 1
	fmt.Println("committed", p.committed)
	return nil
}

// Dead would produce to a topic of dead records, and then commit.
func (p *partition) Dead(ctx context.Context, r record, reason error) error {
	fmt.Println("set aside:", reason)
	return p.Ack(ctx, r)
}

// Retry commits nothing: InPlace asks for it only when the loop is told to end, and who
// has the partition next gets the record again.
func (p *partition) Retry(context.Context, record, time.Duration) error { return nil }

func ExampleInPlace() {
	ctx := context.Background()
	charges := &partition{records: []string{
		`{"Order":1,"Cents":999}`, // fails at first
		`{"Order":2,"Cents":-1}`,
		`{"Order":3,"Cents":500}`,
	}}

	charge := newCharge(idem.New(memstore.New()))
	handle := idemqueue.NewHandler(func(r record) (c Charge, err error) {
		err = json.Unmarshal([]byte(r.value), &c)
		return c, err
	}, charge.Run)
	told := func(ctx context.Context, r record) idemqueue.Verdict {
		v := handle(ctx, r)
		fmt.Printf("offset %d: %s\n", r.offset, v.Action)
		return v
	}
	err := idemqueue.Consume(ctx, charges, idemqueue.InPlace(told, 5))
	fmt.Println(err)

	// A consumer that died before its last commit leaves the record to the next one.
	charges.position = charges.committed - 1
	err = idemqueue.Consume(ctx, charges, idemqueue.InPlace(told, 5))
	fmt.Println(err)
	// Output:
	// offset 0: retry
	// charged order 1
	// offset 0: ack
	// committed 1
	// offset 1: dead
	// set aside: idem: execution failed: a negative amount: key idempotency:billing.Charge:2
	// committed 2
	// charged order 3
	// offset 2: ack
	// committed 3
	// idemqueue: receive a message: the end of the partition
	// offset 2: ack
	// committed 3
	// idemqueue: receive a message: the end of the partition
}
