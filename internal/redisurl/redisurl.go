// Package redisurl reads the URLs that people give to redisstore and to idemops, and
// tells no password where it cannot.
package redisurl

import (
	"errors"
	"net/url"
	"os"
	"strings"
)

const (
	variable = "REDIS_URL"
	standard = "redis://localhost:6379"
)

// Find returns the URL that was given or, if that is empty, the one in REDIS_URL, or
// else that of a Redis on this machine. from says for an error which one it was;
// unless names what else the user could have given, as "there is no -redis and ".
func Find(given, unless string) (rawURL, from string) {
	if given != "" {
		return given, ""
	}
	if found := os.Getenv(variable); found != "" {
		return found, " (from " + variable + ")"
	}
	return standard, " (the default, since " + unless + variable + " is not set)"
}

// An Error says why a URL cannot be read.
type Error struct{ text string }

// Error implements error.
func (e *Error) Error() string { return e.text }

// Parse reads a URL by one of go-redis's functions. No error of it, which is an
// [Error], and no address tells a part of a password, wherever somebody put one: of
// what was written errors repeat the scheme at most.
func Parse[T any](rawURL string, parse func(string) (T, error)) (T, error) {
	options, err := parse(rawURL)
	if why := wrong(rawURL, err); why != "" || err != nil {
		var none T
		return none, &Error{why}
	}
	return options, nil
}

const unescaped = "it is no URL of a Redis: write special characters of user and password as %XX, '#' and '@' too"

// wrong says what is wrong with a URL, of which go-redis says err.
func wrong(rawURL string, err error) string {
	scheme, rest, isURL := strings.Cut(rawURL, "://")
	behind := "" // the authority
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		behind = rest[i:]
	}
	signs := strings.Contains(rawURL, "@")
	if signs && !isURL || strings.ContainsAny(behind, "@#") {
		return unescaped
	}
	switch _, malformed := errors.AsType[*url.Error](err); {
	case err != nil && signs:
		return unescaped
	case malformed, err == nil && !signs && manyColons(rest):
		return "it is not of the form redis://user:password@host:port/db"
	case err == nil && scheme == "unix" && hasHost(rest):
		return "a socket has no host: write unix:///path, or unix://user:password@/path"
	case err == nil:
		return ""
	}
	text := strings.TrimPrefix(err.Error(), "redis: ")
	what, _, _ := strings.Cut(text, ":")
	if what == "invalid URL scheme" {
		return text + ": it is redis, rediss or unix"
	}
	return what
}

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
