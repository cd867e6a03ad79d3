package audit_test

import (
	"context"
	"fmt"
	"os"

	"github.com/idemgen/idemgen/examples/audit"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func Example() {
	ctx := context.Background()
	report := audit.NewIdempotentAuditAction(idem.New(memstore.New()))

	deletion := audit.AuditAction{Actor: "ada", Action: "deleted", Resource: "invoice/7", Log: os.Stdout}
	for range 2 {
		res, err := report.Run(ctx, deletion)
		fmt.Println(res.Status, err)
	}
	key, err := report.Key(deletion)
	fmt.Println(key, err)
	fmt.Println(idem.HashKey("ada", "deleted", "invoice/7"))
	// Output:
	// ada: deleted invoice/7
	// success <nil>
	// skipped <nil>
	// idempotency:audit.AuditAction:fbdaa9202a51140485aad09202304fa2 <nil>
	// fbdaa9202a51140485aad09202304fa2
}
