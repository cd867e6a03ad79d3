package redisstore_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

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
