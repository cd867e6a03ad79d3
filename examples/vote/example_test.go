package vote_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/idemgen/idemgen/examples/vote"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func Example() {
	ctx := context.Background()
	box := &vote.Box{}
	submit := vote.NewIdempotentSubmitVote(idem.New(memstore.New()))

	_, err := submit.Run(ctx, vote.SubmitVote{PollID: "lunch", UserID: 7, Choice: "soup", Box: box})
	fmt.Println("first: ", err)

	_, err = submit.Run(ctx, vote.SubmitVote{PollID: "lunch", UserID: 7, Choice: "salad", Box: box})
	fmt.Println("second:", err)
	if duplicate, ok := errors.AsType[*idem.DuplicateError](err); ok {
		fmt.Println("the first one's status:", duplicate.Original.Status)
	}
	fmt.Println("soup", box.Count("soup"), "salad", box.Count("salad"))
	// Output:
	// first:  <nil>
	// second: idem: Duplicate execution not allowed: key idempotency:vote.SubmitVote:lunch:7 finished with status "success"
	// the first one's status: success
	// soup 1 salad 0
}
