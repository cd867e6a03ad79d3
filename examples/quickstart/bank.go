package main

import (
	"context"
	"errors"
	"fmt"

	idem "github.com/idemgen/idemgen/runtime"
)

// flaky is the order for which the bank does not answer at first.
const flaky = 125

// chargeCard stands for a call of a bank: it only says that it was called.
func chargeCard(ctx context.Context, order int, cents int64) (receipt string, err error) {
	attempt := idem.FromContext(ctx).Attempt
	fmt.Printf("    ... charging order %d: %d.%02d, attempt %d\n", order, cents/100, cents%100, attempt)
	if order == flaky && attempt == 1 {
		return "", errors.New("the bank does not answer")
	}
	return fmt.Sprintf("receipt-%d", order), nil
}
