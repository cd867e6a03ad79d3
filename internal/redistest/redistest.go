// Package redistest starts real redis-server processes for tests and benchmarks,
// on free loopback ports, each in a directory of its own that goes when the test
// ends.
package redistest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// BinaryVariable names the environment variable with the path of the server to
// test against, for instance a Valkey or a newer Redis.
const BinaryVariable = "IDEMGEN_REDIS_SERVER"

// startTimeout bounds how long servers may take until they answer, or know each
// other.
const startTimeout = time.Minute

// TB is what a server needs of the test that starts it; every testing.TB has it.
// The benchmarks, which are a command, bring their own.
type TB interface {
	Helper()
	TempDir() string
	Cleanup(f func())
	Fatalf(format string, args ...any)
}

// A Server is one redis-server process. Its methods fail the test that started
// it if they cannot do their work.
type Server struct {
	// Addr is host:port, the same across restarts.
	Addr string
	// TLS trusts the server's certificate. It is nil unless there is one, see [WithTLS].
	TLS *tls.Config

	t           TB
	dir         string
	config      []string
	flags       []string // of the command line
	clusterPort string   // of the Cluster's own traffic, if it belongs to one
	network     *Network // through which others reach it, if there is one
	host        string   // its address there
	port        string   // by which others reach it there
	exposed     []string // lines of redis.conf that say so
	process     *exec.Cmd
	exited      chan struct{} // closed when the process has ended
	admin       *redis.Client
}

// An Option sets up a [Server].
type Option func(*Server)

// WithConfig adds lines of redis.conf, for instance "appendonly yes".
func WithConfig(lines ...string) Option {
	return func(s *Server) { s.config = append(s.config, lines...) }
}

// WithUser adds an ACL user with a password and rules, for instance
// "~idempotency:* +get". The default user stays, without a password.
func WithUser(name, password, rules string) Option {
	return WithConfig(fmt.Sprintf("user %s on >%s %s", name, password, rules))
}

// ReplicaOf makes the server a replica of another.
func ReplicaOf(primary *Server) Option {
	host, port, _ := net.SplitHostPort(primary.Addr)
	return WithConfig("replicaof "+host+" "+port, "repl-diskless-load on-empty-db")
}

// Start runs a server without persistence until the test ends.
func Start(t TB, opts ...Option) *Server {
	t.Helper()
	s := &Server{t: t, dir: t.TempDir()}
	for _, opt := range opts {
		opt(s)
	}
	t.Cleanup(s.end)
	var err error
	for range 5 { // somebody else may take the port in between
		s.Addr = freeAddr(t)
		if s.clusterPort != "" {
			_, s.clusterPort, _ = net.SplitHostPort(freeAddr(t))
		}
		s.expose()
		if err = s.launch(); err == nil {
			return s
		}
		s.end()
	}
	t.Fatalf("redistest: %v", err)
	return nil
}

// expose lets a server in a [Network] be reached through it only.
func (s *Server) expose() {
	if s.network == nil {
		return
	}
	s.port = s.network.expose(s.host, s.Addr)
	s.exposed = []string{
		"bind-source-addr " + s.host,
		"cluster-announce-ip 127.0.0.1",
		"cluster-announce-port " + s.port,
		"cluster-announce-bus-port " + s.network.expose(s.host, net.JoinHostPort("127.0.0.1", s.clusterPort)),
	}
}

// Client opens a client that is closed when the test ends.
func (s *Server) Client() *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, TLSConfig: s.TLS})
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// URL is the server's address as REDIS_URL has it. The user is optional.
func (s *Server) URL(user *url.Userinfo) string {
	u := url.URL{Scheme: "redis", Host: s.Addr, User: user}
	if s.TLS != nil {
		u.Scheme = "rediss"
	}
	return u.String()
}

// Stop ends the server in an orderly way, so that it saves what it is
// configured to save.
func (s *Server) Stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	s.wait()
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() {
	s.t.Helper()
	s.signal(syscall.SIGKILL)
	s.wait()
}

// Pause stops the server's process in mid-run: connections stay open and
// nothing answers.
func (s *Server) Pause() {
	s.t.Helper()
	s.signal(syscall.SIGSTOP)
}

// Resume lets a paused server go on.
func (s *Server) Resume() {
	s.t.Helper()
	s.signal(syscall.SIGCONT)
}

// Restart starts a stopped or killed server again, on the same port and
// directory.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.launch(); err != nil {
		s.t.Fatalf("redistest: restart: %v", err)
	}
}

// Do runs a command as the default user.
func (s *Server) Do(args ...any) any {
	s.t.Helper()
	reply, err := s.admin.Do(context.Background(), args...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		s.t.Fatalf("redistest: %v: %v", args, err)
	}
	return reply
}

// AwaitReplicas waits until n replicas follow the server. It does so by a key that
// expires at once.
func (s *Server) AwaitReplicas(n int) {
	s.t.Helper()
	ctx := context.Background()
	conn := s.admin.Conn() // WAIT is about the writes of its own connection
	defer func() { _ = conn.Close() }()
	for end := time.Now().Add(startTimeout); time.Now().Before(end); {
		conn.Set(ctx, "redistest:replicas", "", time.Millisecond)
		if conn.Wait(ctx, n, time.Second).Val() >= int64(n) {
			return
		}
	}
	s.t.Fatalf("redistest: %s has not %d replicas after %v", s.Addr, n, startTimeout)
}

// launch starts the process and waits until it answers.
func (s *Server) launch() error {
	host, port, _ := net.SplitHostPort(s.Addr)
	config := []string{
		"bind " + host,
		"dir " + s.dir,
		"logfile " + filepath.Join(s.dir, "redis.log"),
		`save ""`,
		"repl-diskless-sync-delay 0",
		"repl-ping-replica-period 1", // in a Cluster, a replica is none before its first
	}
	if s.TLS != nil {
		config = append(config, "port 0", "tls-port "+port)
	} else {
		config = append(config, "port "+port)
	}
	if s.clusterPort != "" {
		config = append(config, "cluster-enabled yes", "cluster-port "+s.clusterPort)
	}
	config = append(append(config, s.exposed...), s.config...)
	file := filepath.Join(s.dir, "redis.conf")
	if err := os.WriteFile(file, []byte(strings.Join(config, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	process := exec.Command(binary(s.t), append([]string{file}, s.flags...)...)
	if err := process.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	go func() {
		_ = process.Wait()
		close(exited)
	}()
	s.process, s.exited = process, exited
	if s.admin != nil {
		_ = s.admin.Close()
	}
	s.admin = redis.NewClient(&redis.Options{Addr: s.Addr, TLSConfig: s.TLS, MaxRetries: -1, DialerRetries: 1})
	return s.answers()
}

func (s *Server) answers() error {
	var err error
	for end := time.Now().Add(startTimeout); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		select {
		case <-s.exited:
			log, _ := os.ReadFile(filepath.Join(s.dir, "redis.log"))
			return fmt.Errorf("redis-server ended at its start: %s", log)
		default:
		}
		conn, dialErr := net.Dial("tcp", s.Addr) // a client would log every try
		if err = dialErr; err != nil {
			continue
		}
		_ = conn.Close()
		if err = s.admin.Ping(context.Background()).Err(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("redis-server does not answer: %w", err)
}

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatalf("redistest: %v: %v", sig, err)
	}
}

func (s *Server) wait() { <-s.exited }

// end kills the server if it runs. Killing works on a paused one too.
func (s *Server) end() {
	if s.admin != nil {
		_ = s.admin.Close()
	}
	if s.process != nil {
		_ = s.process.Process.Kill()
		s.wait()
	}
}

// binary finds the server, or fails the test: a store that was not tested
// against a real server was not tested.
func binary(t TB) string {
	t.Helper()
	name := os.Getenv(BinaryVariable)
	if name == "" {
		name = "redis-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("redistest: these tests need a real redis-server (7.0 or newer): "+
			"install it, for instance by `apt-get install redis-server`, or set %s to its path: %v", BinaryVariable, err)
	}
	return path
}

// await polls until condition returns true, or fails the test.
func await(t TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(startTimeout); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("redistest: %s did not come true in %v", what, startTimeout)
		}
	}
}

func freeAddr(t TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("redistest: no free port: %v", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
