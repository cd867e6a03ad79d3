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

	"github.com/idemgen/idemgen/internal/redisurl"
)

// connect returns a client of the Redis at rawURL, be it one server, a Cluster, or
// what a Sentinel points to, once it answers.
func connect(ctx context.Context, rawURL, caFile string) (redis.UniversalClient, error) {
	redis.SetLogger(quiet{})
	rawURL, from := redisurl.Find(rawURL, "there is no -redis and ")
	client, err := open(ctx, rawURL, caFile)
	if _, unreadable := errors.AsType[*redisurl.Error](err); unreadable {
		return nil, fmt.Errorf("the URL of Redis%s cannot be read: %w", from, err)
	}
	if err != nil {
		scheme, place := address(rawURL)
		return nil, fmt.Errorf("Redis at %s%s: %w%s", place, from, err, advice(scheme, err)) //nolint:staticcheck // a name
	}
	return client, nil
}

// address returns a readable URL's scheme, and where Redis should be.
func address(rawURL string) (scheme, place string) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "", "the URL given"
	}
	if u.Scheme == "unix" {
		return u.Scheme, u.Path
	}
	return u.Scheme, u.Host
}

// open finds out what kind of Redis it is.
func open(ctx context.Context, rawURL, caFile string) (redis.UniversalClient, error) {
	query := url.Values{}
	if u, err := url.Parse(rawURL); err == nil {
		query = u.Query()
	}
	switch {
	case query.Has("master_name"):
		o, err := redisurl.Parse(rawURL, redis.ParseFailoverURL)
		if err != nil {
			return nil, err
		}
		o.ContextTimeoutEnabled, o.DialerRetries = true, 1
		if o.TLSConfig, err = trust(o.TLSConfig, caFile); err != nil {
			return nil, err
		}
		return answering(ctx, redis.NewFailoverClient(o))
	case query.Has("addr"):
		return openCluster(ctx, rawURL, caFile)
	}
	o, err := redisurl.Parse(rawURL, redis.ParseURL)
	if err != nil {
		return nil, err
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
	o, err := redisurl.Parse(rawURL, redis.ParseClusterURL)
	if err != nil {
		return nil, err
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
