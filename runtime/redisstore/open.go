package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"

	"github.com/redis/go-redis/v9"

	"github.com/idemgen/idemgen/internal/redisurl"
)

// Open connects to the Redis at rawURL and returns a store that uses it; Close
// ends the connection. rawURL is as go-redis reads it: redis://user:password@host:port/db,
// rediss:// for TLS, unix:///path?db=N for a socket. Empty means the environment
// variable REDIS_URL and, where that is empty too, redis://localhost:6379. For
// Sentinel and Cluster, or a certificate that the system does not trust, make a
// client and give it to [New].
//
// Open fails if the URL cannot be read or Redis does not answer before ctx ends.
// What [Store.Check] finds it logs as warnings, each once.
func Open(ctx context.Context, rawURL string, opts ...Option) (*Store, error) {
	rawURL, from := redisurl.Find(rawURL, "")
	options, err := redisurl.Parse(rawURL, redis.ParseURL)
	if err != nil {
		return nil, fmt.Errorf("redisstore: the URL of Redis%s cannot be read: %w", from, err)
	}
	s := New(redis.NewClient(options), opts...)
	s.owned = true
	if err := s.ready(ctx); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("redisstore: Redis at %s%s: %w%s", options.Addr, from, err, advice(ctx, options, err))
	}
	return s, nil
}

// advice says what may be wrong where an error alone does not tell.
func advice(ctx context.Context, options *redis.Options, err error) string {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return ": to trust it, make a client with a TLSConfig that does, and give it to New"
	case options.TLSConfig == nil && errors.Is(err, io.EOF):
		return ": if it speaks TLS, its URL begins with rediss://"
	case options.TLSConfig != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return ": unless it speaks TLS, its URL begins with redis://"
	}
	return ""
}

// ready pings Redis, so that a wrong address or password is told at the start,
// and logs what Check finds.
func (s *Store) ready(ctx context.Context) error {
	if s.refusal != nil {
		return s.refusal
	}
	_, err := offload(ctx, func(ctx context.Context) (string, error) { return s.client.Ping(ctx).Result() })
	if err != nil && !isDenied(err) { // a user without +ping may have all that is needed
		return err
	}
	findings, err := s.Check(ctx)
	if err != nil {
		return err
	}
	for _, f := range findings {
		s.logger.WarnContext(ctx, "redisstore: "+f.Subject+": "+f.Problem, "remedy", f.Remedy)
	}
	return nil
}
