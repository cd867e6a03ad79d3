package idemhttp_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/idemtest"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// Whatever a handler does, its first client sees the same with the middleware as
// without it, and a retry sees the same status, type, length and body.
func TestAResponseIsWhatItWouldBeWithoutTheMiddleware(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"nothing":           func(http.ResponseWriter, *http.Request) {},
		"text":              func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "text") },
		"guessed type":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"long guessed type": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>"+strings.Repeat("x", 10_000)) },
		"no type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, "<html>")
		},
		"no content":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"not modified":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		"reset content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusResetContent) },
		"an odd status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299); fmt.Fprint(w, "x") },
		"an error":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such order", http.StatusNotFound) },
		"an own length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			fmt.Fprint(w, "text")
		},
		"only the last": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, "x")
		},
		"a header too late": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			w.Header().Set("Location", "/late")
		},
		"binary": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0, 255, '\n', '\r', '\n', 0}) },
		"too much for length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			_, err := w.Write([]byte("text"))
			_, tooMuch := w.Write([]byte("more"))
			if err != nil || !errors.Is(tooMuch, http.ErrContentLength) {
				panic("must be refused")
			}
		},
		"a body that is not allowed": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			if _, err := fmt.Fprint(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
				panic("must be refused")
			}
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/orders/1", http.StatusSeeOther) },
		"file": func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a.json", time.Time{}, strings.NewReader(`{"a": 1}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			plain := httptest.NewServer(handler)
			defer plain.Close()
			a := serve(t, handler)
			a.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			plain.Client().CheckRedirect = a.Client().CheckRedirect

			bare, err := plain.Client().Post(plain.URL, "", nil)
			require.NoError(t, err)
			want, err := io.ReadAll(bare.Body)
			require.NoError(t, err)
			_ = bare.Body.Close()

			for i, res := range []answer{a.post("k", ""), a.post("k", "")} {
				assert.Equal(t, i == 1, res.Header.Get("Idempotency-Replayed") == "true")
				assert.Equal(t, bare.StatusCode, res.StatusCode)
				assert.Equal(t, string(want), res.body)
				assert.Equal(t, bare.Header["Content-Type"], res.Header["Content-Type"])
				assert.Equal(t, bare.Header["Location"], res.Header["Location"])
				if len(want) > 0 {
					assert.Equal(t, int64(len(want)), res.ContentLength)
				}
				if i == 0 {
					bare.Header.Del("Date")
					res.Header.Del("Date")
					if bare.ContentLength < 0 {
						res.Header.Del("Content-Length") // known, as all is at hand
					}
					assert.Equal(t, bare.Header, res.Header)
				}
			}
			assert.Equal(t, int32(1), a.runs.Load())
		})
	}
}

func TestAnInvalidStatusPanicsInTheHandler(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		defer func() {
			assert.Equal(t, "idemhttp: invalid WriteHeader code 99", recover())
			w.WriteHeader(http.StatusAccepted)
		}()
		w.WriteHeader(99)
	})
	assert.Equal(t, 202, a.post("k", "").StatusCode)
}

func TestAResponseIsHeldBackUntilItIsRecorded(t *testing.T) {
	store := memstore.New()
	recorded := false
	client := idem.New(store, idem.WithObserver(func(_ context.Context, e idem.Event) {
		recorded = recorded || e.Kind == idem.EventRecorded
	}))
	handler := idemhttp.New(client, idemhttp.Unscoped).Wrap(created())
	w := &watched{ResponseRecorder: httptest.NewRecorder(), write: func() { assert.True(t, recorded) }}
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("1"))
	r.Header.Set("Idempotency-Key", "k")
	handler.ServeHTTP(w, r)
	assert.Equal(t, 201, w.Code)
	assert.True(t, w.written)
}

// A watched response calls a function at every write.
type watched struct {
	*httptest.ResponseRecorder
	write   func()
	written bool
}

func (w *watched) Write(p []byte) (int, error) {
	w.write()
	w.written = true
	return w.ResponseRecorder.Write(p)
}

func TestFlushStreamsAndARetryGetsItInOnePiece(t *testing.T) {
	next := make(chan struct{})
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			if i == 0 {
				w.(http.Flusher).Flush()
			} else if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
			<-next
		}
	})
	res, err := a.Client().Do(a.request("k", ""))
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewReader(res.Body)
	for i := range 3 {
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("data: %d\n", i), line)
		_, _ = lines.ReadString('\n')
		assert.Equal(t, "in-progress", a.post("k", "").kind(t))
		next <- struct{}{}
	}
	_, err = lines.ReadByte()
	require.ErrorIs(t, err, io.EOF)

	again := a.post("k", "")
	assert.Equal(t, "data: 0\n\ndata: 1\n\ndata: 2\n\n", again.body)
	assert.Equal(t, "text/event-stream", again.Header.Get("Content-Type"))
	assert.Equal(t, int64(27), again.ContentLength)
}

func TestAnUnfinishedStreamIsNotRecorded(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	for range 2 {
		res, err := a.Client().Do(a.request("k", ""))
		require.NoError(t, err)
		_, err = io.ReadAll(res.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		_ = res.Body.Close()
	}
	assert.Equal(t, int32(2), a.runs.Load())
}

func TestABodyOverTheLimitIsSentButNotKept(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/orders/1")
		w.WriteHeader(http.StatusCreated)
		n, _ := io.Copy(w, r.Body)
		assert.Equal(t, r.ContentLength, n)
	}, idemhttp.WithMaxResponseBody(10))

	first := a.post("ten", "0123456789")
	assert.Equal(t, "0123456789", first.body)
	assert.Equal(t, "0123456789", a.post("ten", "0123456789").body)
	assert.Equal(t, int32(1), a.runs.Load())

	first = a.post("more", "0123456789x")
	assert.Equal(t, "0123456789x", first.body)
	assert.Equal(t, 201, first.StatusCode)
	assert.Equal(t, "text/plain; charset=utf-8", first.Header.Get("Content-Type"))
	again := a.post("more", "0123456789x")
	assert.Equal(t, 409, again.StatusCode)
	assert.Equal(t, "response-not-kept", again.kind(t))
	assert.Equal(t, 201, again.problem(t).OriginalStatus)
	assert.Equal(t, "/orders/1", again.problem(t).OriginalLocation, "which tells where to look")
	assert.Empty(t, again.Header.Get("Retry-After"))
	assert.Equal(t, int32(2), a.runs.Load())
}

func TestTheTypeOfABodyOverTheLimitIsGuessedFromAllThereIs(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<ht")
		fmt.Fprint(w, "ml>")
	}, idemhttp.WithMaxResponseBody(4))
	assert.Equal(t, "text/html; charset=utf-8", a.post("k", "").Header.Get("Content-Type"))
}

func TestAStreamThatGrowsOverTheLimitIsSentToItsEnd(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 5 {
			fmt.Fprint(w, "data")
			w.(http.Flusher).Flush()
		}
	}, idemhttp.WithMaxResponseBody(10))
	assert.Equal(t, strings.Repeat("data", 5), a.post("k", "").body)
	assert.Equal(t, "response-not-kept", a.post("k", "").kind(t))
}

func TestAResponseLargerThanTheClientStoresIsSentButNotKept(t *testing.T) {
	a := serveOn(t, idemtest.NewClient(t, idem.WithMaxRecordSize(300)), func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", 300))
	})
	assert.Len(t, a.post("k", "").body, 300)
	assert.Equal(t, "response-not-kept", a.post("k", "").kind(t))
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestALengthWithoutABodyIsRecorded(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4") // of what the client has already
		w.WriteHeader(http.StatusNotModified)
	})
	for range 2 {
		assert.Equal(t, 304, a.post("k", "").StatusCode)
	}
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestABodyShorterThanItsLengthIsNotRecorded(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "short")
	})
	for range 2 {
		res, err := a.Client().Do(a.request("k", ""))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Equal(t, "short", string(body))
		_ = res.Body.Close()
	}
	assert.Equal(t, int32(2), a.runs.Load())
}

func TestAPanicReleasesTheClaimAndGoesOn(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), byCustomer)
	var seen []any
	a := &api{t: t}
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Leak", "secret")
		fmt.Fprint(w, "half a secret")
		if idem.FromContext(r.Context()).Attempt == 1 {
			panic("boom")
		}
	}))
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				seen = append(seen, p)
				http.Error(w, "sorry", http.StatusInternalServerError)
			}
		}()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)

	res := a.post("k", "")
	assert.Equal(t, []any{"boom"}, seen)
	assert.Equal(t, 500, res.StatusCode)
	assert.Equal(t, "sorry\n", res.body, "what was held back is not sent")
	assert.NotContains(t, res.Header, "Leak")
	assert.Equal(t, "half a secret", a.post("k", "").body)
}

// Frameworks such as echo recover outside of the middleware, and write to the response
// of the handler that has panicked.
func TestWhoRecoversMayWriteToTheHandlersResponse(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), byCustomer)
	a := &api{t: t}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var inner http.ResponseWriter
		defer func() {
			if p := recover(); p != nil {
				inner.Header().Set("Content-Type", "text/recovered")
				inner.WriteHeader(http.StatusInternalServerError)
				fmt.Fprint(inner, "sorry")
				assert.NoError(t, http.NewResponseController(inner).Flush())
			}
		}()
		requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			inner = w
			w.Header().Set("Leak", "secret")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, "half a secret")
			panic("boom")
		})).ServeHTTP(w, r)
	}))
	t.Cleanup(a.Close)
	res := a.post("k", "")
	assert.Equal(t, 500, res.StatusCode)
	assert.Equal(t, "sorry", res.body)
	assert.Equal(t, "text/recovered", res.Header.Get("Content-Type"))
	assert.NotContains(t, res.Header, "Leak")
}

func TestAnAbortedHandlerCutsTheConnection(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if idem.FromContext(r.Context()).Attempt == 1 {
			fmt.Fprint(w, "half")
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, "whole")
	})
	_, err := a.Client().Do(a.request("k", "")) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, "whole", a.post("k", "").body)
}

func TestInformationalResponsesAndTrailersReachTheFirstClient(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.Header().Set("Trailer", "Checksum")
		w.WriteHeader(http.StatusOK)
		fmt.Fprint(w, "text")
		w.Header().Set("Checksum", "abc")
		w.Header().Set(http.TrailerPrefix+"Late", "too")
	})
	var hints []int
	r := a.request("k", "")
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			hints = append(hints, code)
			assert.Equal(t, "</style.css>; rel=preload", h.Get("Link"))
			return nil
		},
	}))
	first := a.send(r)
	assert.Equal(t, []int{103}, hints)
	assert.Equal(t, "text", first.body)
	assert.NotContains(t, first.Header, "Link")
	assert.Equal(t, http.Header{"Checksum": {"abc"}, "Late": {"too"}}, first.Trailer)

	again := a.post("k", "")
	assert.Equal(t, "text", again.body)
	assert.Empty(t, again.Trailer)
	assert.NotContains(t, again.Header, "Trailer")
}

func TestTrailersOfAStreamReachTheFirstClient(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "Checksum")
		fmt.Fprint(w, "text")
		w.(http.Flusher).Flush()
		w.Header().Set("Checksum", "abc")
	})
	assert.Equal(t, "abc", a.post("k", "").Trailer.Get("Checksum"))
}

func TestAHijackedConnectionIsTheHandlers(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		_, err = w.Write([]byte("x"))
		assert.ErrorIs(t, err, http.ErrHijacked)
		assert.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrHijacked)
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nraw")
	}, idemhttp.WithTask(idem.WithWait(patience)), // the handler may end after its answer is read
		idemhttp.WithFinished(func(r idemhttp.Response) bool { return r.Status == http.StatusOK })) // of which nobody knows a status
	assert.Equal(t, "raw", a.post("k", "").body)
	again := a.post("k", "")
	assert.Equal(t, "response-not-kept", again.kind(t))
	assert.Zero(t, again.problem(t).OriginalStatus)
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestAStatusIsSentBeforeItsConnectionIsTakenOver(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		w.WriteHeader(http.StatusAccepted)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		fmt.Fprint(conn, "raw")
	})
	res := a.post("k", "")
	assert.Equal(t, 202, res.StatusCode)
	assert.Equal(t, "raw", res.body)
}

func TestAnUpgradedConnectionIsTheHandlers(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		line, _ := buffered.ReadString('\n')
		fmt.Fprint(conn, line)
	}, idemhttp.WithTask(idem.WithWait(patience)))
	r := a.request("k", "")
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := a.Client().Do(r)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
	conn := res.Body.(io.ReadWriteCloser)
	fmt.Fprintln(conn, "hello")
	line, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "hello\n", string(line))
	_ = conn.Close()
	assert.Equal(t, 101, a.post("k", "").problem(t).OriginalStatus)
}

func TestAnUpgradeThatNobodyTookIsNotReplayed(t *testing.T) {
	a := serve(t, created())
	upgrade := a.requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusSwitchingProtocols)
	}))
	upgrade.ServeHTTP(httptest.NewRecorder(), a.request("k", ""))
	assert.Equal(t, 101, a.post("k", "").problem(t).OriginalStatus)
}

func TestAHandlerMaySetDeadlines(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		assert.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
		assert.NoError(t, c.EnableFullDuplex())
	})
	assert.Equal(t, 200, a.post("k", "").StatusCode)
}

func TestWhatIsWrittenAfterTheHandlerIsLost(t *testing.T) {
	var kept http.ResponseWriter
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		kept = w
		fmt.Fprint(w, "in time")
	})
	assert.Equal(t, "in time", a.post("k", "").body)
	_, err := kept.Write([]byte("late"))
	assert.ErrorContains(t, err, "the handler has returned")
	assert.ErrorContains(t, http.NewResponseController(kept).Flush(), "the handler has returned")
	_, _, err = http.NewResponseController(kept).Hijack()
	assert.ErrorContains(t, err, "the handler has returned")
	kept.WriteHeader(http.StatusInternalServerError)
	assert.Equal(t, "in time", a.post("k", "").body)
}

func TestFlushSaysWhereItIsNotSupported(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), idemhttp.Unscoped)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("Idempotency-Key", "k")
	w := httptest.NewRecorder()
	requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		assert.ErrorIs(t, http.NewResponseController(w).Flush(), http.ErrNotSupported)
		fmt.Fprint(w, "text")
	})).ServeHTTP(struct{ http.ResponseWriter }{w}, r)
	assert.Equal(t, "text", w.Body.String())
}

// compress is what compressing middleware outside does: it changes what the inner
// handler writes, and takes its length away.
func compress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			next.ServeHTTP(w, r)
			return
		}
		z := gzip.NewWriter(w)
		defer func() { _ = z.Close() }()
		w.Header().Add("Vary", "Accept-Encoding")
		next.ServeHTTP(&compressed{w, z}, r)
	})
}

type compressed struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (c *compressed) WriteHeader(status int) {
	c.Header().Set("Content-Encoding", "gzip")
	c.Header().Del("Content-Length")
	c.ResponseWriter.WriteHeader(status)
}

func (c *compressed) Write(p []byte) (int, error) { return c.z.Write(p) }

func TestCompressionOutsideIsForEachClientAnew(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), byCustomer)
	a := &api{t: t, Server: httptest.NewServer(compress(requests.Wrap(created())))}
	t.Cleanup(a.Close)
	for i, accept := range []string{"gzip", "identity", "gzip"} {
		r := a.request("k", "1")
		r.Header.Set("Accept-Encoding", accept)
		res := a.send(r)
		body := res.body
		if accept == "gzip" {
			assert.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
			z, err := gzip.NewReader(strings.NewReader(body))
			require.NoError(t, err)
			plain, err := io.ReadAll(z)
			require.NoError(t, err)
			body = string(plain)
		} else {
			assert.Equal(t, int64(len(body)), res.ContentLength)
			assert.Empty(t, res.Header.Get("Content-Encoding"))
		}
		assert.Equal(t, `{"id": 1, "order": 1}`, body, i)
	}
}

func TestWhatACompressingHandlerWroteIsReplayedByteForByte(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), byCustomer)
	a := &api{t: t, Server: httptest.NewServer(requests.Wrap(compress(created())))}
	t.Cleanup(a.Close)
	r := a.request("k", "1")
	r.Header.Set("Accept-Encoding", "gzip")
	first := a.send(r)
	again := a.send(r.Clone(r.Context()))
	assert.Equal(t, first.body, again.body)
	assert.Equal(t, "gzip", again.Header.Get("Content-Encoding"))
	assert.Equal(t, "Accept-Encoding", again.Header.Get("Vary"))
	assert.Equal(t, int64(len(first.body)), again.ContentLength)
}
