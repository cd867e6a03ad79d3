package redistest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// CommandStats returns how often the server has executed each command since its
// start or the last [Server.ResetStats], those inside scripts included.
// Commands that only look after connections and statistics are left out.
func (s *Server) CommandStats() map[string]int {
	s.t.Helper()
	calls := make(map[string]int)
	for name, spent := range s.CommandTimes() {
		calls[name] = spent.Calls
	}
	return calls
}

// Spent is what the server has spent on one command.
type Spent struct {
	Calls int
	Time  time.Duration // from reading the command to writing its reply; a script's with that of its commands
}

// CommandTimes returns what the server has spent on each of the commands that
// [Server.CommandStats] counts.
func (s *Server) CommandTimes() map[string]Spent {
	s.t.Helper()
	info, err := s.admin.Info(context.Background(), "commandstats").Result()
	if err != nil {
		s.t.Fatalf("redistest: INFO commandstats: %v", err)
	}
	stats := make(map[string]Spent)
	for line := range strings.Lines(info) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok || housekeeping(name) {
			continue
		}
		calls, rest, _ := strings.Cut(rest, ",usec=")
		micros, _, _ := strings.Cut(rest, ",")
		n, err := strconv.Atoi(calls)
		spent, err2 := strconv.Atoi(micros)
		if err = errors.Join(err, err2); err != nil {
			s.t.Fatalf("redistest: INFO commandstats: %q: %v", line, err)
		}
		stats[name] = Spent{n, time.Duration(spent) * time.Microsecond}
	}
	return stats
}

// ProcessorTime returns how much of it the server's process has used.
func (s *Server) ProcessorTime() time.Duration {
	s.t.Helper()
	var total time.Duration
	for line := range strings.Lines(s.Do("info", "cpu").(string)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name != "used_cpu_sys" && name != "used_cpu_user" {
			continue
		}
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil {
			s.t.Fatalf("redistest: INFO cpu: %q: %v", line, err)
		}
		total += time.Duration(seconds * float64(time.Second))
	}
	return total
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
