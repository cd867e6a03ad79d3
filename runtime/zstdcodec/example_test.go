package zstdcodec_test

import (
	"context"
	"fmt"
	"strings"

	shop "github.com/idemgen/idemgen/examples/order"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"

	"github.com/idemgen/idemgen/runtime/zstdcodec"
)

func create(_ context.Context, o shop.CreateOrder) (string, error) {
	return strings.Repeat("order of "+o.Customer+" ", 1000), nil
}

// In an annotation it is codec=zstdcodec.JSON.
func Example() {
	orders := idem.WithCodec(zstdcodec.JSON)
	store := memstore.New()
	task := shop.NewIdempotentCreateOrder(idem.New(store), create, orders, idem.WithOnDuplicate(idem.PolicyReturnCached))
	for range 2 {
		res, err := task.Run(context.Background(), shop.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
		fmt.Println(len(res.Value), res.Duplicate, err)
	}
	for _, record := range store.Records() {
		fmt.Println(record.Codec, len(record.Value) < 100)
	}
	// Output:
	// 13000 false <nil>
	// 13000 true <nil>
	// zstd+json true
}

func ExampleNew() {
	orders := idem.WithCodec(zstdcodec.New(idem.JSON, zstdcodec.WithMaxSize(4<<20)))
	task := shop.NewIdempotentCreateOrder(idem.New(memstore.New()), create, orders, idem.WithOnDuplicate(idem.PolicyReturnCached))
	res, err := task.Run(context.Background(), shop.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	fmt.Println(len(res.Value), err)
	// Output: 13000 <nil>
}

func ExampleWithMaxSize() {
	data, _ := zstdcodec.JSON.Marshal(strings.Repeat("a", 1_000_000))
	var text string
	fmt.Println(zstdcodec.New(idem.JSON, zstdcodec.WithMaxSize(1000)).Unmarshal(data, &text))
	// Output: zstdcodec: the result unpacks to more than the 1000 bytes that WithMaxSize allows
}
