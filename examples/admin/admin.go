// Package admin mounts the console in a team's admin server.
//
// What it teaches:
//
//   - The console is an http.Handler without a login of its own: it stands behind the
//     team's.
//   - The charts are of what this process sees: the recorder is the client's observer.
//   - It reads only. WithWrites would let operators forget and resolve.
package admin

import (
	"net/http"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
	"github.com/idemgen/idemgen/runtime/ops/console"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// New returns the client of the process's tasks, and its admin pages, for those whom
// operatorsOnly lets through.
func New(redisClient *redis.Client, operatorsOnly func(http.Handler) http.Handler) (*idem.Client, http.Handler) {
	recorder := console.NewRecorder()
	client := idem.New(redisstore.New(redisClient), idem.WithObserver(recorder.Observe))

	mux := http.NewServeMux()
	mux.Handle("/admin/idem/", operatorsOnly(console.New(ops.New(redisClient), console.WithRecorder(recorder))))
	return client, mux
}
