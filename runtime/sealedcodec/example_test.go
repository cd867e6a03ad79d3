package sealedcodec_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"

	"github.com/idemgen/idemgen/examples/order"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/sealedcodec"
)

func create(_ context.Context, o order.CreateOrder) (string, error) {
	return "order of " + o.Customer, nil
}

func ExampleNew() {
	secret := make([]byte, 32) // in a program: from where your secrets are
	_, _ = rand.Read(secret)

	keys := sealedcodec.Keys{Current: "2026-11", Secrets: map[string][]byte{"2026-11": secret}}
	receipts, err := sealedcodec.New(idem.JSON, "billing receipts", keys)
	if err != nil {
		log.Fatal(err)
	}
	orders := order.NewIdempotentCreateOrder(idem.New(memstore.New()), create,
		idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithCodec(receipts))
	for range 2 {
		res, err := orders.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
		fmt.Println(res.Value, res.Duplicate, err)
	}
	// Output:
	// order of ada false <nil>
	// order of ada true <nil>
}

// The three steps of a rotation.
func ExampleKeys() {
	older, newer := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(older)
	_, _ = rand.Read(newer)

	var stored []byte // before
	for _, keys := range []sealedcodec.Keys{
		{Current: "2026", Secrets: map[string][]byte{"2026": older, "2027": newer}},
		{Current: "2027", Secrets: map[string][]byte{"2026": older, "2027": newer}},
		{Current: "2027", Secrets: map[string][]byte{"2027": newer}}, // when the ttl of the last old result has passed
	} {
		codec, err := sealedcodec.New(idem.JSON, "receipts", keys)
		if err != nil {
			log.Fatal(err)
		}
		if stored == nil {
			stored, _ = codec.Marshal("receipt-7")
		}
		var receipt string
		err = codec.Unmarshal(stored, &receipt)
		fmt.Printf("%q %v\n", receipt, err)
	}
	// Output:
	// "receipt-7" <nil>
	// "receipt-7" <nil>
	// "" sealedcodec: the result was sealed under the secret "2026", which is not among "2027"
}
