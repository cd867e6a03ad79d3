package redistest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

func TestAServerKeepsItsAddressAndItsSavedDataAcrossRestarts(t *testing.T) {
	s := redistest.Start(t, redistest.WithConfig("appendonly yes", "appendfsync always"))
	addr := s.Addr
	s.Do("set", "k", "v")
	s.Kill()
	s.Restart()
	assert.Equal(t, addr, s.Addr)
	assert.Equal(t, "v", s.Do("get", "k"))
}

func TestAPausedServerGoesOn(t *testing.T) {
	s := redistest.Start(t)
	s.Pause()
	s.Resume()
	assert.Equal(t, "PONG", s.Do("ping"))
}

func TestCommandStatsCountWhatClientsSent(t *testing.T) {
	s := redistest.Start(t)
	c := s.Client()
	require.NoError(t, c.Ping(t.Context()).Err())
	s.ResetStats()
	require.NoError(t, c.Set(t.Context(), "k", "v", 0).Err())
	require.NoError(t, c.Set(t.Context(), "k", "w", 0).Err())
	assert.Equal(t, map[string]int{"set": 2}, s.CommandStats())
}
