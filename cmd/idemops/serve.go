package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/idemgen/idemgen/internal/human"
	"github.com/idemgen/idemgen/runtime/ops"
	"github.com/idemgen/idemgen/runtime/ops/console"
)

// serve shows the console to browsers on this machine.
func (c command) serve(ctx context.Context, i *ops.Inspector, f *flags) error {
	servers, err := i.Servers(ctx)
	if err != nil {
		return err
	}
	name := human.Printable(servers[0].Addr)
	if more := len(servers) - 1; more > 0 {
		name += fmt.Sprintf(" and %d more", more)
	}
	listener, err := listen(ctx, f.addr)
	if err != nil {
		return err
	}
	opts := []console.Option{console.WithName(name), console.WithLogger(slog.New(slog.NewTextHandler(c.stderr, nil)))}
	if f.writes {
		opts = append(opts, console.WithWrites())
	}
	if f.payloads {
		opts = append(opts, console.WithPayloads())
	}
	server := &http.Server{Handler: onLoopback(console.New(i, opts...)), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(c.stdout, "console of %s at http://%s/\n", name, listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// listen opens a port that only this machine can reach.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usageError{fmt.Errorf("flag -addr: %w", err)}
	}
	if !isLoopback(host) {
		return nil, usageError{errors.New("flag -addr: the console has no login, so its address is one of loopback: " +
			"for others, mount package ops/console behind your own")}
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", addr)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// onLoopback refuses requests for other hosts: a page from elsewhere whose name is
// made to lead here would otherwise pass for one of the console's own.
func onLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !isLoopback(host) {
			http.Error(w, "This console is for browsers on its own machine.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
