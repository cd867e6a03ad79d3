package redisstore

import (
	"context"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// go-redis follows a Cluster's redirections, and learns from them where keys are.
// This file does what it leaves to us.

// lookAgain has a Cluster's client look where keys are, after an error that is
// not a server's answer: a replica may have taken the silent one's place. By
// itself the client looks once a minute, or when a server redirects it, which one
// that is gone does not.
func (s *Store) lookAgain(ctx context.Context, err error) {
	if cluster, ok := s.client.(*redis.ClusterClient); ok && err != nil && !isReply(err) {
		cluster.ReloadState(ctx)
	}
}

// A target is the server to which one command about a key is sent by itself.
type target struct {
	client *redis.Client
	asking bool // the key is on its way there, so that the server must be asked to serve it
	once   bool // the client is for one use
}

// done ends a client that was for one use.
func (t target) done() {
	if t.once {
		_ = t.client.Close()
	}
}

// redirected returns the server to which t's error points. Its client is set up
// like t's but is for one use: those of go-redis cannot be had by address, and
// soon, when the Cluster's client has looked again, none is needed.
func (t target) redirected(ctx context.Context, cluster *redis.ClusterClient, err error) (next target, ok bool) {
	addr, asking := redis.IsAskError(err)
	if !asking {
		if addr, ok = redis.IsMovedError(err); !ok {
			return target{}, false
		}
	}
	cluster.ReloadState(ctx)
	options := *t.client.Options()
	options.Addr = hostPort(addr)
	options.NodeAddress = options.Addr
	options.PoolSize, options.MinIdleConns = 1, 0
	return target{client: cluster.Options().NewClient(&options), asking: asking, once: true}, true
}

// hostPort writes an address of a redirection, which may have a bare IPv6
// address, as Go wants it.
func hostPort(addr string) string {
	colon := strings.LastIndexByte(addr, ':')
	if colon < 0 {
		return addr
	}
	return net.JoinHostPort(strings.Trim(addr[:colon], "[]"), addr[colon+1:])
}
