package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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

// connect returns a client of the Redis at rawURL, be it one server, a Cluster, or
// what a Sentinel points to, once it answers.
func connect(ctx context.Context, rawURL, caFile string) (redis.UniversalClient, error) {
	redis.SetLogger(quiet{})
	from := ""
	if rawURL == "" {
		if rawURL = os.Getenv(urlVariable); rawURL != "" {
			from = " (from " + urlVariable + ")"
		} else {
			rawURL = defaultURL
			from = " (the default, since there is no -redis and " + urlVariable + " is not set)"
		}
	}
	u, ok := parseURL(rawURL)
	if !ok {
		return nil, fmt.Errorf("the URL of Redis%s cannot be read: %w", from, errURL)
	}
	client, err := open(ctx, rawURL, u.Query(), caFile)
	switch {
	case errors.Is(err, errURL):
		return nil, fmt.Errorf("the URL of Redis%s cannot be read: %w", from, err)
	case err != nil:
		return nil, fmt.Errorf("Redis at %s%s: %w%s", place(u), from, err, advice(u.Scheme, err)) //nolint:staticcheck // a name
	}
	return client, nil
}

// errURL tells nothing of what was written: any part of it may be the password's.
var errURL = errors.New("it is not of the form redis://user:password@host:port/db: " +
	"write special characters of user and password as %XX, '#', '@' and '/' too")

// parseURL reads a URL, unless a part of the password may stand where the address
// should.
func parseURL(rawURL string) (*url.URL, bool) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Opaque != "" || strings.ContainsAny(u.Path+u.RawQuery, "@#") || strings.Contains(rawURL, "#") {
		return nil, false
	}
	switch u.Scheme {
	case "unix":
		return u, u.Host == ""
	case "redis", "rediss":
		return u, strings.HasPrefix(u.Host, "[") || strings.Count(u.Host, ":") <= 1
	}
	return nil, false
}

// place is where Redis should be.
func place(u *url.URL) string {
	if u.Scheme == "unix" {
		return u.Path
	}
	return u.Host
}

// open finds out what kind of Redis it is.
func open(ctx context.Context, rawURL string, query url.Values, caFile string) (redis.UniversalClient, error) {
	switch {
	case query.Has("master_name"):
		o, err := redis.ParseFailoverURL(rawURL)
		if err != nil {
			return nil, errURL
		}
		o.ContextTimeoutEnabled, o.DialerRetries = true, 1
		if o.TLSConfig, err = trust(o.TLSConfig, caFile); err != nil {
			return nil, err
		}
		return answering(ctx, redis.NewFailoverClient(o))
	case query.Has("addr"):
		return openCluster(ctx, rawURL, caFile)
	}
	o, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, errURL
	}
	o.ContextTimeoutEnabled, o.DialerRetries = true, 1
	if o.TLSConfig, err = trust(o.TLSConfig, caFile); err != nil {
		return nil, err
	}
	client := redis.NewClient(o)
	clustered, err := isCluster(ctx, client)
	if err != nil || clustered {
		_ = client.Close()
	}
	switch {
	case err != nil:
		return nil, err
	case clustered:
		return openCluster(ctx, rawURL, caFile)
	}
	return client, nil
}

func openCluster(ctx context.Context, rawURL, caFile string) (redis.UniversalClient, error) {
	o, err := redis.ParseClusterURL(rawURL)
	if err != nil {
		return nil, errURL
	}
	o.ContextTimeoutEnabled, o.DialerRetries = true, 1
	if o.TLSConfig, err = trust(o.TLSConfig, caFile); err != nil {
		return nil, err
	}
	return answering(ctx, redis.NewClusterClient(o))
}

// answering returns the client if it gets an answer, be it a refusal.
func answering(ctx context.Context, client redis.UniversalClient) (redis.UniversalClient, error) {
	if err := client.Ping(ctx).Err(); err != nil && !isDenied(err) {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// isCluster asks the server whether it is one of a Cluster's, where it has but a
// part of the keys.
func isCluster(ctx context.Context, client *redis.Client) (bool, error) {
	info, err := client.Info(ctx, "cluster").Result()
	if err == nil {
		return strings.Contains(info, "cluster_enabled:1"), nil
	}
	if !isDenied(err) {
		return false, err
	}
	err = client.ClusterShards(ctx).Err()
	switch {
	case err == nil:
		return true, nil
	case isDenied(err):
		return false, fmt.Errorf("nobody can tell whether it is a Cluster: grant +info or +cluster|shards: %w", err)
	case isReply(err): // cluster support is disabled
		return false, nil
	}
	return false, err
}

func isReply(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok
}

func isDenied(err error) bool { return redis.HasErrorPrefix(err, "NOPERM") }

// trust adds an authority's certificates to those that are trusted.
func trust(config *tls.Config, caFile string) (*tls.Config, error) {
	if caFile == "" {
		return config, nil
	}
	if config == nil {
		return nil, usageError{errors.New("flag -ca is for a URL that begins with rediss://")}
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate in PEM", caFile)
	}
	config.RootCAs = pool
	return config, nil
}

// advice says what may be wrong where an error alone does not tell.
func advice(scheme string, err error) string {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted:
		return ": trust it by -ca"
	case scheme == "redis" && errors.Is(err, io.EOF):
		return ": if it speaks TLS, its URL begins with rediss://"
	}
	return ""
}

// quiet drops what go-redis logs: errors are told once, by whoever meets them.
type quiet struct{}

// Printf implements go-redis's logger.
func (quiet) Printf(context.Context, string, ...any) {}
