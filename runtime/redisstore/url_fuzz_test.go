package redisstore_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// Whatever a password is made of and however it got into a URL, no error tells any
// of it, and nothing that Open writes does.
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
		options, err := redisstore.ParseURL(raw)
		if err != nil {
			for n := 3; n < len(secret); n++ {
				require.NotContains(t, err.Error(), secret[:n], "of %q", raw)
			}
			return
		}
		assert.NotContains(t, options.Addr, secret, "it would be told where %q cannot be reached", raw)
	})
}

func TestAPasswordThatRedisRefusesIsInNoErrorAndNoLog(t *testing.T) {
	server := redistest.Start(t, redistest.WithUser("app", "s/cret", "~* &* +@all"))
	var log bytes.Buffer
	logger := redisstore.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))
	for _, password := range []string{"hunter2", "hunter2/?#@:%\n"} {
		_, err := redisstore.Open(t.Context(), server.URL(url.UserPassword("app", password)), logger)
		require.ErrorContains(t, err, "WRONGPASS")
		assert.NotContains(t, err.Error(), "hunter2")
	}
	assert.NotContains(t, log.String(), "hunter2")
}
