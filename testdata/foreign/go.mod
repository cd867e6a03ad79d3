// A user's module, whose tasks are declared over types that nobody here wrote.
// A test copies it, gets idemgen as a tool, generates and runs it.
module example.com/foreign

go 1.26.0

require (
	github.com/google/uuid v1.6.0
	github.com/idemgen/idemgen v0.0.0
	github.com/redis/go-redis/v9 v9.23.0
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/idemgen/idemgen => ../..
