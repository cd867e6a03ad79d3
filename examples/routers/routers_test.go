package routers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/idemtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/routers"
)

// customer is whose a request is: here, whom basic authentication names.
func customer(r *http.Request) string {
	name, _, _ := r.BasicAuth()
	return name
}

// onEachRouter runs a test on a real server for each router.
func onEachRouter(t *testing.T, pay routers.Pay, test func(t *testing.T, post func(key, order string) (*http.Response, string))) {
	t.Helper()
	gin.SetMode(gin.TestMode)
	for name, router := range map[string]func(*idemhttp.Middleware, routers.Pay) http.Handler{
		"chi": routers.Chi, "gin": routers.Gin, "echo": routers.Echo,
	} {
		t.Run(name, func(t *testing.T) {
			requests := idemhttp.New(idemtest.NewClient(t), customer)
			server := httptest.NewServer(router(requests, pay))
			t.Cleanup(server.Close)
			test(t, func(key, order string) (*http.Response, string) {
				r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, server.URL+"/orders/"+order+"/pay", strings.NewReader("{}"))
				require.NoError(t, err)
				r.SetBasicAuth("ada", "")
				if key != "" {
					r.Header.Set("Idempotency-Key", key)
				}
				res, err := server.Client().Do(r)
				require.NoError(t, err)
				defer func() { _ = res.Body.Close() }()
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				return res, string(body)
			})
		})
	}
}

func TestARetryGetsTheFirstResponse(t *testing.T) {
	var receipts atomic.Int32
	pay := func(ctx context.Context, order string) (string, error) {
		return fmt.Sprintf("receipt %d for %s as %s", receipts.Add(1), order, idem.FromContext(ctx).Key), nil
	}
	onEachRouter(t, pay, func(t *testing.T, post func(key, order string) (*http.Response, string)) {
		t.Helper()
		receipts.Store(0)
		for i := range 3 {
			res, body := post("k1", "17")
			assert.Equal(t, 201, res.StatusCode)
			assert.Equal(t, "receipt 1 for 17 as idempotency:http:ada:k1", body)
			assert.Equal(t, int64(len(body)), res.ContentLength)
			assert.Contains(t, res.Header.Get("Content-Type"), "text/plain")
			assert.Equal(t, i > 0, res.Header.Get("Idempotency-Replayed") == "true")
		}
		res, _ := post("k1", "18")
		assert.Equal(t, 422, res.StatusCode)
		assert.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
		res, _ = post("", "17")
		assert.Equal(t, 400, res.StatusCode)
		_, body := post("k2", "17")
		assert.Equal(t, "receipt 2 for 17 as idempotency:http:ada:k2", body)
	})
}

func TestAnErrorIsReplayedAsTheResponseThatItBecame(t *testing.T) {
	var runs atomic.Int32
	pay := func(context.Context, string) (string, error) {
		runs.Add(1)
		return "", errors.New("no such order")
	}
	onEachRouter(t, pay, func(t *testing.T, post func(key, order string) (*http.Response, string)) {
		t.Helper()
		runs.Store(0)
		for i := range 2 {
			res, body := post("k", "17")
			assert.Equal(t, 404, res.StatusCode)
			assert.Contains(t, body, "no such order")
			assert.Equal(t, i > 0, res.Header.Get("Idempotency-Replayed") == "true")
		}
		assert.Equal(t, int32(1), runs.Load())
	})
}

func TestAPanicIsNoResponseToKeep(t *testing.T) {
	pay := func(ctx context.Context, _ string) (string, error) {
		if idem.FromContext(ctx).Attempt == 1 {
			panic("boom")
		}
		return "paid", nil
	}
	onEachRouter(t, pay, func(t *testing.T, post func(key, order string) (*http.Response, string)) {
		t.Helper()
		res, _ := post("k", "17")
		assert.Equal(t, 500, res.StatusCode)
		res, body := post("k", "17")
		assert.Equal(t, 201, res.StatusCode)
		assert.Equal(t, "paid", body)
	})
}

func TestARequestInProgressIsAConflict(t *testing.T) {
	running, release := make(chan struct{}), make(chan struct{})
	pay := func(context.Context, string) (string, error) {
		running <- struct{}{}
		<-release
		return "paid", nil
	}
	onEachRouter(t, pay, func(t *testing.T, post func(key, order string) (*http.Response, string)) {
		t.Helper()
		first := make(chan string)
		go func() {
			_, body := post("k", "17")
			first <- body
		}()
		<-running
		res, _ := post("k", "17")
		assert.Equal(t, 409, res.StatusCode)
		assert.Equal(t, "1", res.Header.Get("Retry-After"))
		release <- struct{}{}
		assert.Equal(t, "paid", <-first)
	})
}
