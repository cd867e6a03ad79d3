package storetest_test

import (
	"testing"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/storetest"
)

// The test of a store of your own, here as a function, and of memstore.
func ExampleRun() {
	testConformance := func(t *testing.T) {
		storetest.Run(t, func(*testing.T) idem.Store { return memstore.New() })
	}
	_ = testConformance
}
