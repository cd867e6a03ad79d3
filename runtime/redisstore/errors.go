package redisstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// classify gives an error of go-redis the meaning that the runtime knows. Most
// have none: they pass, sooner or later.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, redis.ErrClosed) {
		return idem.Permanent(err)
	}
	if !isReply(err) {
		return err
	}
	switch text := err.Error(); {
	// A script's error may have the original one's name in its middle.
	case strings.Contains(text, "WRONGTYPE"):
		return fmt.Errorf("%w: the key holds a value of another type: %w", idem.ErrCorrupt, err)
	case isDenied(err), strings.HasPrefix(text, "NOAUTH"), strings.HasPrefix(text, "WRONGPASS"), strings.Contains(text, "string exceeds maximum allowed size"):
		return idem.Permanent(err)
	}
	return err
}

// isReply tells whether the error is what the server answered.
func isReply(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}

// isDenied tells whether the client's user lacks a right.
func isDenied(err error) bool {
	text := err.Error()
	return isReply(err) && (strings.Contains(text, "NOPERM") ||
		strings.Contains(text, "The user executing the script") || // before Redis 7.2
		strings.Contains(text, "ACL failure in script"))
}

// isRedirect tells whether a Cluster node says that another one has the key.
func isRedirect(err error) bool {
	return redis.HasErrorPrefix(err, "MOVED ") || redis.HasErrorPrefix(err, "ASK ")
}

// isPassing tells whether the answer is about the server's present state or the
// key's place, which go-redis waits out or follows for single commands, but not
// within a pipeline.
func isPassing(err error) bool {
	for _, prefix := range []string{"MOVED ", "ASK ", "TRYAGAIN", "CLUSTERDOWN", "READONLY", "LOADING", "MASTERDOWN"} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return false
}

func corrupt(reason string) error { return fmt.Errorf("%w: %s", idem.ErrCorrupt, reason) }
