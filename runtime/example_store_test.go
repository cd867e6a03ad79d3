package idem_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// The first line of a record, as it stands in Redis.
func ExampleParseRecord() {
	record, err := idem.ParseRecord([]byte("i1 done 8BqzVYkYQ0GxO1GmHnH2nQ 2 1764000000000000 250 9\n\"receipt\""))
	fmt.Println(record.State, record.Status, record.Attempt, record.Took, string(record.Value), err)
	_, err = idem.ParseRecord([]byte("i9 done\n"))
	fmt.Println(err)
	// Output:
	// done success 2 250ms "receipt" <nil>
	// idem: the stored record cannot be read: its format "i9" is not the "i1" that this program reads
}

func ExampleParseHeader() {
	record := []byte("i1 done 8BqzVYkYQ0GxO1GmHnH2nQ 2 1764000000000000 250 9\n\"receipt\"")
	header, err := idem.ParseHeader(record[:min(len(record), idem.HeaderLen)], len(record))
	fmt.Println(header.State, header.Attempt, header.Took, err)
	// Output: done 2 250ms <nil>
}

func ExampleParseKey() {
	key, err := idem.ParseKey("idempotency:bank.Book@v2:ada%3Amain:7")
	fmt.Println(key.Prefix, key.Task, key.Version, key.Parts, err)
	// Output: idempotency bank.Book 2 [ada%3Amain 7] <nil>
}

// What a store does with the bytes of a claim.
func ExampleSameClaim() {
	own := idem.Claim{ID: "a", Now: time.UnixMicro(1000), Lease: time.Second, Retention: time.Minute}.Record().Bytes()
	fmt.Printf("%s", own)
	stored := idem.Marked([]byte(string(own))) // somebody waits
	fmt.Println(idem.IsRunning(stored), idem.IsMarked(own), idem.IsMarked(stored), idem.SameClaim(stored, own))
	// Output:
	// i1 running- a 1 1000 1000 60000
	// true false true true
}

func ExampleMarked() {
	own := idem.Claim{ID: "a", Now: time.UnixMicro(1000), Lease: time.Second, Retention: time.Minute}.Record().Bytes()
	fmt.Printf("%s", idem.Marked(own))
	// Output: i1 running+ a 1 1000 1000 60000
}

func ExampleIsRunning() {
	fmt.Println(idem.IsRunning([]byte("i1 running- a 1 1000 1000 60000\n")), idem.IsRunning([]byte("i1 released a 1 1000\n")))
	// Output: true false
}

func ExampleIsMarked() {
	fmt.Println(idem.IsMarked([]byte("i1 running+ a 1 1000 1000 60000\n")))
	// Output: true
}

// A store's error that no retry will mend ends at once what would else be tried for a
// lease.
func ExamplePermanent() {
	denied := errors.New("NOPERM this user has no permissions")
	fmt.Println(errors.Is(idem.Permanent(denied), denied))
	// Output: true
}

// A store can stand in front of another, as one that counts.
func ExampleStore() {
	store := &claimCounter{Store: memstore.New()}
	greet := idem.NewTask(idem.New(store), idem.Spec[string, string]{
		Name: "shop.Greet",
		Key:  func(k *idem.KeyWriter, name string) { k.Part("Name").String(name) },
		Run:  func(_ context.Context, name string) (string, error) { return "hello " + name, nil },
	})
	for range 3 {
		_, _ = greet.Run(context.Background(), "ada")
	}
	fmt.Println(store.claims, "claims")
	// Output: 3 claims
}

type claimCounter struct {
	idem.Store
	claims int
}

func (s *claimCounter) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	s.claims++
	return s.Store.Claim(ctx, key, c)
}

func ExampleKeyWriter() {
	type transfer struct {
		From, To string
		At       time.Time
		Tags     []string
	}
	book := idem.NewTask(idem.New(memstore.New()), idem.Spec[transfer, int]{
		Name:    "bank.Book",
		Version: 2,
		Key: func(k *idem.KeyWriter, t transfer) {
			k.Part("From").String(t.From)
			k.Part("At").Time(t.At)
			k.Part("Tags").OpenSlice(len(t.Tags))
			for _, tag := range t.Tags {
				k.String(tag)
			}
			k.Close()
		},
		Run: func(context.Context, transfer) (int, error) { return 0, nil },
	})
	fmt.Println(book.Key(transfer{From: "ada:main", At: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC), Tags: []string{"rent", ""}}))
	// Output: idempotency:bank.Book@v2:ada%3Amain:2026-05-01T09%3A00%3A00Z:[rent,%empty] <nil>
}
