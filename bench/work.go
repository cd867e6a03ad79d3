package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/redis/go-redis/v9"
)

// A charge is the task that everybody executes: its work is nothing, so that only
// what is around it is measured.
type charge struct{ ID string }

// A receipt is its result, of 66 bytes as JSON.
type receipt struct {
	ID       string `json:"id"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	Paid     bool   `json:"ok"`
}

var (
	paid       = receipt{ID: "ch_3PqLk2eZvKYl2", Amount: 9999, Currency: "eur", Paid: true}
	payload, _ = json.Marshal(paid)
)

// ttl is how long everybody's results are kept: idemgen's default.
const ttl = 24 * time.Hour

// prefix starts everybody's keys, so that all are of one length.
const prefix = "idempotency:bench.Charge:"

var errWrongResult = errors.New("a duplicate got something else than the first one's result")

// pay is the work.
func pay(context.Context, charge) (receipt, error) { return paid, nil }

// newTask is what a generated wrapper consists of.
func newTask(client *idem.Client, run func(context.Context, charge) (receipt, error), opts ...idem.TaskOption) *idem.Task[charge, receipt] {
	return idem.NewTask(client, idem.Spec[charge, receipt]{
		Name: "bench.Charge",
		Key:  func(k *idem.KeyWriter, task charge) { k.Part("ID").String(task.ID) },
		Run:  run,
	}, append([]idem.TaskOption{idem.WithOnDuplicate(idem.PolicyReturnCached)}, opts...)...)
}

// A process is what idemgen needs once per process: clients of Redis and of idem,
// in their defaults.
type process struct {
	redis *redis.Client
	store *redisstore.Store
	idem  *idem.Client
}

func newProcess(addr string, opts ...idem.Option) *process {
	p := &process{redis: redis.NewClient(&redis.Options{Addr: addr})}
	p.store = redisstore.New(p.redis)
	p.idem = idem.New(p.store, opts...)
	return p
}

func (p *process) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(p.idem.Close(ctx), p.store.Close(), p.redis.Close())
}

// eventually waits until something holds.
func eventually(what string, limit time.Duration, holds func() bool) error {
	for end := time.Now().Add(limit); !holds(); time.Sleep(200 * time.Microsecond) {
		if time.Now().After(end) {
			return fmt.Errorf("after %v: not yet: %s", limit, what)
		}
	}
	return nil
}
