package console_test

import (
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
	"github.com/idemgen/idemgen/runtime/ops/console"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// These need a Redis of yours, so they are compiled and not run.

// operatorsOnly stands for your team's login: the console has none.
func operatorsOnly(next http.Handler) http.Handler { return next }

func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	mux := http.NewServeMux()
	mux.Handle("/admin/idem/", operatorsOnly(console.New(ops.New(rdb))))
	log.Fatal(http.ListenAndServe("localhost:8080", mux))
}

// The charts are of what this process does: its client tells the recorder.
func ExampleNewRecorder() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	recorder := console.NewRecorder()
	client := idem.New(redisstore.New(rdb), idem.WithObserver(recorder.Observe))
	_ = client // make wrappers of it
	http.Handle("/admin/idem/", operatorsOnly(console.New(ops.New(rdb), console.WithRecorder(recorder))))
}

// Several clients of a process may share a recorder.
func ExampleWithRecorder() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	recorder := console.NewRecorder()
	store := redisstore.New(rdb)
	orders := idem.New(store, idem.WithObserver(recorder.Observe))
	refunds := idem.New(store, idem.WithObserver(recorder.Observe), idem.WithFailOpen())
	_, _ = orders, refunds // make wrappers of them
	http.Handle("/admin/idem/", operatorsOnly(console.New(ops.New(rdb), console.WithRecorder(recorder))))
}

// Whom operatorsOnly lets through may forget and resolve; others have a console that
// only reads.
func ExampleWithWrites() {
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}))
	http.Handle("/status/idem/", console.New(inspector))
	http.Handle("/admin/idem/", operatorsOnly(console.New(inspector, console.WithWrites())))
}

// Receipts may be seen by operators.
func ExampleWithPayloads() {
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}))
	http.Handle("/admin/idem/", operatorsOnly(console.New(inspector, console.WithPayloads())))
}

// Two consoles of one server that cannot be mistaken for each other.
func ExampleWithName() {
	for name, addr := range map[string]string{"production": "redis-1:6379", "staging": "redis-2:6379"} {
		inspector := ops.New(redis.NewClient(&redis.Options{Addr: addr}))
		http.Handle("/admin/"+name+"/", operatorsOnly(console.New(inspector, console.WithName(name))))
	}
}

// Who has forgotten or resolved what goes to the log of audits.
func ExampleWithLogger() {
	audit := slog.New(slog.NewJSONHandler(os.Stderr, nil)).With("audit", true)
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}))
	http.Handle("/admin/idem/", operatorsOnly(console.New(inspector, console.WithWrites(), console.WithLogger(audit))))
}
