package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/opstest"
	"github.com/idemgen/idemgen/internal/redistest"
)

func TestTheConsoleIsServedToThisMachineOnly(t *testing.T) {
	redis := redistest.Start(t)
	require.NoError(t, opstest.Seed(t.Context(), redis.Client()))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, told := io.Pipe()
	status := make(chan int, 1)
	var stderr strings.Builder
	go func() {
		c := command{stdout: told, stderr: &stderr}
		status <- c.run(ctx, []string{"serve", "-redis", redis.URL(nil), "-addr", "127.0.0.1:0"})
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	assert.Regexp(t, `^console of `+redis.Addr+` at http://127\.0\.0\.1:\d+/\n$`, line)
	url := line[strings.Index(line, "http://") : len(line)-1]

	get := func(host string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		require.NoError(t, err)
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	code, body := get("")
	assert.Equal(t, http.StatusOK, code)
	assert.Contains(t, body, opstest.Interrupted)
	code, _ = get("localhost:8377")
	assert.Equal(t, http.StatusOK, code)
	code, body = get("rebound.example:8377")
	assert.Equal(t, http.StatusMisdirectedRequest, code, "a name that is made to lead here")
	assert.NotContains(t, body, opstest.Interrupted)
	stop()
	assert.Equal(t, done, <-status)
	assert.Empty(t, stderr.String())
}

func TestAnAddressThatOthersReachIsRefused(t *testing.T) {
	redis := redistest.Start(t)
	for _, addr := range []string{"0.0.0.0:0", ":8377", "192.0.2.1:80", "example.com:80", "8377"} {
		var stderr strings.Builder
		status := command{stdout: io.Discard, stderr: &stderr}.run(t.Context(), []string{"serve", "-redis", redis.URL(nil), "-addr", addr})
		assert.Equal(t, misused, status, addr)
		assert.Contains(t, stderr.String(), "flag -addr: ", addr)
	}
}
