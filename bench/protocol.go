package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/redis/go-redis/v9"
)

// The bare protocol is what idemgen sends, without idemgen: SET NX GET, then SET
// IFEQ or, where the server does not know that, the completion script. Its records are made once, no bytes are decoded, and nobody
// renews a lease, waits, or hears of a wake-up: what remains is the limit that
// idemgen can approach. In pool mode each command has a connection to itself, in
// AutoPipeline mode commands of many callers share pipelines.
var (
	protocolPool = bareProtocol("bare protocol, pool", false)
	protocolAuto = bareProtocol("bare protocol, AutoPipeline", true)
)

// replaceFile is the script with which idemgen completes.
const replaceFile = "../runtime/redisstore/replace.lua"

// The records that everybody writes who follows the protocol.
var (
	claimed = idem.Claim{
		ID: "AAAAAAAAAAAAAAAAAAAAAA", Now: time.Now(), Lease: lease, Retention: retention, OnCrash: idem.CrashRetry,
	}
	running = claimed.Record().Bytes()
	done    = idem.StoredRecord{
		State: idem.StateDone, Status: idem.StatusSuccess, ID: claimed.ID, Attempt: 1,
		Fence: claimed.Record().Fence, Started: claimed.Record().Fence,
		Codec: idem.JSON.Name(), Value: payload, HasValue: true,
	}.Bytes()
)

// lease and retention are idemgen's defaults.
const (
	lease     = 15 * time.Second
	retention = lease + ttl
)

func bareProtocol(name string, auto bool) contestant {
	return contestant{
		name: name,
		role: protocol,
		does: traits{First: 2, Duplicate: 1, Exclusive: "everywhere", Replay: true, CompareAndSet: true},
		open: func(addr string) (*runner, error) {
			source, err := os.ReadFile(replaceFile)
			if err != nil {
				return nil, fmt.Errorf("run this in the folder bench: %w", err)
			}
			commands, closing, err := connect(addr, auto)
			if err != nil {
				return nil, err
			}
			sha, err := commands.ScriptLoad(context.Background(), string(source)).Result()
			if err != nil {
				return nil, errors.Join(err, closing())
			}
			ifEqual, err := knowsIfEqual(commands)
			if err != nil {
				return nil, errors.Join(err, closing())
			}
			return once(func(ctx context.Context, id string) (bool, error) {
				key := prefix + id
				held, err := commands.SetArgs(ctx, key, running, redis.SetArgs{Mode: "NX", Get: true, TTL: retention}).Result()
				switch {
				case err == nil:
					return true, checkPayload([]byte(held))
				case !errors.Is(err, redis.Nil):
					return false, err
				}
				_, _ = pay(ctx, charge{id})
				if ifEqual {
					err := commands.SetArgs(ctx, key, done, redis.SetArgs{Mode: "IFEQ", MatchValue: running, TTL: ttl}).Err()
					return false, err
				}
				stands, err := commands.EvalSha(ctx, sha, []string{key}, running, done, ttl.Milliseconds(), "1").Int()
				return false, checkStands(stands == 1, err)
			}, closing), nil
		},
	}
}

// knowsIfEqual tells whether the server has SET with IFEQ.
func knowsIfEqual(commands redis.Cmdable) (bool, error) {
	err := commands.SetArgs(context.Background(), prefix+"absent", done, redis.SetArgs{Mode: "IFEQ", MatchValue: running}).Err()
	switch {
	case errors.Is(err, redis.Nil):
		return true, nil
	case redis.HasErrorPrefix(err, "syntax error"):
		return false, nil
	}
	return false, err
}

// connect opens a client of Redis in its defaults, in one of its two modes.
func connect(addr string, auto bool) (commands redis.Cmdable, closing func() error, err error) {
	client := redis.NewClient(&redis.Options{Addr: addr})
	if !auto {
		return client, client.Close, nil
	}
	pipeliner, err := client.AutoPipeline()
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return pipeliner, client.Close, nil
}

// checkPayload sees to it that a record ends in the result.
func checkPayload(record []byte) error {
	if !bytes.HasSuffix(record, payload) {
		return errWrongResult
	}
	return nil
}

func checkStands(stands bool, err error) error {
	if err == nil && !stands {
		return errors.New("the completion was refused")
	}
	return err
}
