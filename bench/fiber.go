package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/idempotency"
	redisstorage "github.com/gofiber/storage/redis/v3"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"
)

// Fiber's idempotency middleware with its storage in Redis, called as a handler in
// process: no HTTP is spoken, which spares it work that idemgen's callers may have
// elsewhere. Its lock is in memory: two processes execute one key at once, and the
// later answer overwrites the earlier one. Responses are kept with their headers.
var fiberMiddleware = contestant{
	name: "fiber idempotency",
	role: alternative,
	does: traits{First: 3, Duplicate: 1, Exclusive: "in one process", WakeUp: "in one process", Replay: true},
	open: func(addr string) (*runner, error) {
		client := redis.NewClient(&redis.Options{Addr: addr})
		app := fiber.New()
		app.Use(idempotency.New(idempotency.Config{
			Storage:           redisstorage.NewFromConnection(client),
			Lifetime:          ttl,
			KeyHeaderValidate: func(string) error { return nil }, // other keys than UUIDs
		}))
		app.Post("/", func(c fiber.Ctx) error {
			result, err := pay(c, charge{})
			if err != nil {
				return err
			}
			c.RequestCtx().SetUserValue(executed, true)
			return c.JSON(result)
		})
		handler := app.Handler()
		var requests sync.Pool // as a server of fasthttp has one
		return once(func(_ context.Context, id string) (bool, error) {
			r, _ := requests.Get().(*fasthttp.RequestCtx)
			if r == nil {
				r = new(fasthttp.RequestCtx)
			}
			defer requests.Put(r)
			r.Request.Reset()
			r.Response.Reset()
			r.ResetUserValues()
			r.Request.Header.SetMethod(fiber.MethodPost)
			r.Request.SetRequestURI("/")
			r.Request.Header.Set("X-Idempotency-Key", prefix+id)
			handler(r)
			switch {
			case r.Response.StatusCode() != fiber.StatusOK:
				return false, fmt.Errorf("fiber answers %d: %s", r.Response.StatusCode(), r.Response.Body())
			case !bytes.Equal(r.Response.Body(), payload):
				return false, errWrongResult
			}
			return r.UserValue(executed) == nil, nil
		}, client.Close), nil
	},
}

// executed marks a request whose handler has run.
const executed = "executed"
