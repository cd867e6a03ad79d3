package redistest

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// A Network is what the servers of a Cluster and their clients speak through, and
// can be parted in two. Servers are told apart by their source addresses, one of
// 127.0.0.0/8 each, which Linux has without being asked.
type Network struct {
	t TB

	mu    sync.Mutex
	hosts int
	far   map[string]bool // addresses on the far side
	links map[*link]bool
	ended sync.WaitGroup
}

// A link is one connection from one server, or client, to another server.
type link struct {
	from, to string // addresses
	near     net.Conn
	target   net.Conn // nil for one that was asked for while the network was parted
}

// NewNetwork starts a network that lasts until the test ends.
func NewNetwork(t TB) *Network {
	n := &Network{t: t, hosts: 1, links: map[*link]bool{}}
	t.Cleanup(func() {
		n.mu.Lock()
		for l := range n.links {
			l.close()
		}
		n.mu.Unlock()
		n.ended.Wait()
	})
	return n
}

// In puts a server of a Cluster into the network: the others, and clients, reach
// it through that.
func In(n *Network) Option {
	return func(s *Server) {
		n.hosts++
		s.network, s.host = n, fmt.Sprintf("127.0.0.%d", n.hosts)
	}
}

// Part cuts the servers, and who dials beside them, off from all others: nothing
// passes, and no connection ends.
func (n *Network) Part(servers ...*Server) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.far = map[string]bool{}
	for _, s := range servers {
		n.far[s.host] = true
	}
}

// Heal lets everything pass again, over new connections.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for l := range n.links {
		if n.parted(l) {
			l.close()
		}
	}
	n.far = nil
}

// Beside returns how a client dials that is on the same side as the server.
func (s *Server) Beside() func(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(s.host)}, Timeout: time.Second}
	return dialer.DialContext
}

// parted tells whether nothing passes over a link; the caller holds the lock.
func (n *Network) parted(l *link) bool { return n.far[l.from] != n.far[l.to] }

// expose returns an address at which others reach what listens at target, a
// server's own.
func (n *Network) expose(host, target string) (port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		n.t.Fatalf("redistest: no free port: %v", err)
	}
	n.t.Cleanup(func() { _ = listener.Close() })
	n.ended.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			from, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
			n.ended.Go(func() { n.connect(&link{from: from, to: host, near: conn}, target) })
		}
	})
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}

// connect is one link's life.
func (n *Network) connect(l *link, target string) {
	defer n.drop(l)
	if n.add(l) {
		_, _ = io.Copy(io.Discard, l.near) // until the network heals
		return
	}
	conn, err := net.DialTimeout("tcp", target, time.Second)
	if err != nil {
		return
	}
	n.mu.Lock()
	l.target = conn
	n.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { n.pass(l, l.near, conn) })
	both.Go(func() { n.pass(l, conn, l.near) })
	both.Wait()
}

// pass takes bytes from one end to the other, and loses them while the network is
// parted. A link that has lost any is closed when the network heals.
func (n *Network) pass(l *link, from, to net.Conn) {
	defer func() { _, _ = from.Close(), to.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		size, err := from.Read(buffer)
		if err != nil {
			return
		}
		if n.silent(l) {
			continue
		}
		if _, err := to.Write(buffer[:size]); err != nil {
			return
		}
	}
}

// add takes note of a link, and tells whether nothing passes over it.
func (n *Network) add(l *link) (silent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[l] = true
	return n.parted(l)
}

func (n *Network) silent(l *link) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.parted(l)
}

func (n *Network) drop(l *link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l.close()
	delete(n.links, l)
}

func (l *link) close() {
	_ = l.near.Close()
	if l.target != nil {
		_ = l.target.Close()
	}
}
