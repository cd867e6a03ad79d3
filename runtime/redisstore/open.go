package redisstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	urlVariable = "REDIS_URL"
	defaultURL  = "redis://localhost:6379"
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
	from := ""
	if rawURL == "" {
		if rawURL = os.Getenv(urlVariable); rawURL != "" {
			from = " (from " + urlVariable + ")"
		} else {
			rawURL = defaultURL
			from = " (the default, since " + urlVariable + " is not set)"
		}
	}
	options, err := parseURL(rawURL)
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

// parseURL reads a URL. No error of it, and no address, tells a part of a password,
// wherever somebody put one: of what was written errors repeat the scheme at most.
func parseURL(rawURL string) (*redis.Options, error) {
	scheme, rest, isURL := strings.Cut(rawURL, "://")
	behind := "" // the authority
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		behind = rest[i:]
	}
	signs := strings.Contains(rawURL, "@")
	if signs && !isURL || strings.ContainsAny(behind, "@#") {
		return nil, errUnescaped
	}
	options, err := redis.ParseURL(rawURL)
	switch _, malformed := errors.AsType[*url.Error](err); {
	case err != nil && signs:
		return nil, errUnescaped
	case malformed, err == nil && !signs && manyColons(rest):
		return nil, errors.New("it is not of the form redis://user:password@host:port/db")
	case err == nil && scheme == "unix" && hasHost(rest):
		return nil, errors.New("a socket has no host: write unix:///path, or unix://user:password@/path")
	case err == nil:
		return options, nil
	}
	text := strings.TrimPrefix(err.Error(), "redis: ")
	what, _, _ := strings.Cut(text, ":")
	if what == "invalid URL scheme" {
		return nil, errors.New(text + ": it is redis, rediss or unix")
	}
	return nil, errors.New(what)
}

var errUnescaped = errors.New("it is no URL of a Redis: write special characters of user and password as %XX, '#' and '@' too")

// manyColons tells whether a URL, less its scheme, has more of them in its host than
// one, as where a password stands and the rest was forgotten.
func manyColons(rest string) bool {
	authority, _, _ := strings.Cut(rest, "/")
	authority, _, _ = strings.Cut(authority, "?")
	return !strings.HasPrefix(authority, "[") && strings.Count(authority, ":") > 1
}

// hasHost tells whether a URL, less its scheme, names a host.
func hasHost(rest string) bool {
	authority, _, _ := strings.Cut(rest, "/")
	return authority[strings.LastIndexByte(authority, '@')+1:] != ""
}
