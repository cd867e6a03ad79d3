package redistest

import (
	"context"
	"strconv"
	"strings"
)

// CommandStats returns how often the server has executed each command since its
// start or the last [Server.ResetStats], those inside scripts included.
// Commands that only look after connections and statistics are left out.
func (s *Server) CommandStats() map[string]int {
	s.t.Helper()
	info, err := s.admin.Info(context.Background(), "commandstats").Result()
	if err != nil {
		s.t.Fatalf("redistest: INFO commandstats: %v", err)
	}
	stats := make(map[string]int)
	for line := range strings.Lines(info) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok || housekeeping(name) {
			continue
		}
		calls, _, _ := strings.Cut(rest, ",")
		stats[name], _ = strconv.Atoi(calls)
	}
	return stats
}

// ResetStats lets CommandStats count from zero.
func (s *Server) ResetStats() {
	s.t.Helper()
	s.Do("config", "resetstat")
}

func housekeeping(command string) bool {
	command, _, _ = strings.Cut(command, "|")
	switch command {
	case "hello", "auth", "client", "config", "info", "ping", "select":
		return true
	}
	return false
}
