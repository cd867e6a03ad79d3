package wrapped

import (
	"context"
	"testing"
)

func TestPay(t *testing.T) {
	if err := (Pay{}).Run(context.Background()); err != nil {
		t.Fatal(err)
	}
}
