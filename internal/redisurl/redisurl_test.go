package redisurl_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redisurl"
)

// Whatever a password is made of and however it got into a URL, no error tells any
// of it, and no address has it.
func FuzzNoErrorTellsAPartOfAPassword(f *testing.F) {
	const secret = "Zq7hunter2" // stands in the middle of what is made up
	forms := []string{
		"redis://u:%s@%s", "rediss://u:%s@%s", "unix://u:%s@%s", "redis://:%s@%s", "http://u:%s@%s", "u:%s@%s", "redis:u:%s@%s",
		"redis://u:%s", "redis://u:%s/%s", "unix://u:%s", "redis://u:%s%%40%s",
	}
	for _, around := range []string{
		"", "1", "/", "/0", "1/", "1/0?", "1?", "1?client_name=", "1?db=", "1?dial_timeout=", "1?skip_verify=", "1/x", "#", "1#", "@", "1@", ":", "%", "%zz",
		"[", "]", " ", "\\", "\n", "\x00", "é", "1/?a=b&", "//", "?/", "1;", "<", "\"",
	} {
		for form := range forms {
			f.Add(form, around, "", "localhost:6379/1")
			f.Add(form, around, around, "[::1]:6379?pool_size=1")
		}
	}
	f.Fuzz(func(t *testing.T, form int, before, after, rest string) {
		for _, made := range []string{before, after, rest} {
			if strings.Contains(secret, made) && made != "" && len(made) > 2 || strings.Contains(made, "%!") {
				return
			}
		}
		format := forms[uint(form)%uint(len(forms))]
		if strings.Contains(before, "@") && !strings.Contains(format, "@") {
			return // what follows is a host, by all that can be known
		}
		args := []any{before + secret + after, rest}
		raw := fmt.Sprintf(format, args[:strings.Count(format, "%s")]...)
		check := func(err error, addresses func() []string) {
			if err == nil {
				assert.NotContains(t, strings.Join(addresses(), " "), secret, "it would be told where %q cannot be reached", raw)
				return
			}
			for n := 3; n < len(secret); n++ {
				require.NotContains(t, err.Error(), secret[:n], "of %q", raw)
			}
		}
		one, err := redisurl.Parse(raw, redis.ParseURL)
		check(err, func() []string { return []string{one.Addr} })
		cluster, err := redisurl.Parse(raw, redis.ParseClusterURL)
		check(err, func() []string { return cluster.Addrs })
		sentinels, err := redisurl.Parse(raw, redis.ParseFailoverURL)
		check(err, func() []string { return sentinels.SentinelAddrs })
	})
}
