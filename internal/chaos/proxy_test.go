package chaos_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A proxy is the link between a worker and Redis.
type proxy struct {
	addr   string
	target string

	down    atomic.Bool  // refuses connections
	swallow atomic.Bool  // requests pass, replies do not
	delay   atomic.Int64 // of everything, each way

	listener net.Listener
	mu       sync.Mutex
	conns    map[net.Conn]bool
	wg       sync.WaitGroup
}

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{addr: listener.Addr().String(), target: target, listener: listener, conns: map[net.Conn]bool{}}
	p.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

// serve is one connection's life.
func (p *proxy) serve(from net.Conn) {
	if p.down.Load() {
		_ = from.Close()
		return
	}
	to, err := net.DialTimeout("tcp", p.target, time.Second)
	if err != nil {
		_ = from.Close()
		return
	}
	p.hold(from, to)
	defer p.release(from, to)
	var both sync.WaitGroup
	both.Go(func() { p.pass(from, to, false) })
	both.Go(func() { p.pass(to, from, true) })
	both.Wait()
}

func (p *proxy) pass(from, to net.Conn, replies bool) {
	defer func() { _, _ = from.Close(), to.Close() }()
	buffer := make([]byte, 32<<10)
	swallowed := false
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if d := p.delay.Load(); d > 0 {
			time.Sleep(time.Duration(d))
		}
		// A connection that has lost a reply must not answer with the next one's.
		if swallowed = swallowed || replies && p.swallow.Load(); swallowed {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut breaks every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) hold(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = true
	}
}

func (p *proxy) release(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
		delete(p.conns, conn)
	}
}

// heal lets everything pass.
func (p *proxy) heal() {
	p.down.Store(false)
	p.swallow.Store(false)
	p.delay.Store(0)
}
