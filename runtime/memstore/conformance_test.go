package memstore_test

import (
	"testing"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) idem.Store { return memstore.New() })
}
