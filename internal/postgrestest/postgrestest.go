// Package postgrestest starts real PostgreSQL servers for tests, each in a directory of
// its own and reached by a socket in it; both go when the test ends.
package postgrestest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BinariesVariable names the environment variable with the folder of initdb, postgres
// and psql, where they are neither on the path nor where Debian puts them.
const BinariesVariable = "IDEMGEN_POSTGRES_BIN"

// startTimeout bounds how long a server may take until it answers.
const startTimeout = time.Minute

// Start runs a server until the test ends, and returns the URL of its database. It
// runs as the user postgres where the test is root's: PostgreSQL refuses root.
func Start(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postgrestest") //nolint:usetesting // t.TempDir is closed to other users
	if err != nil {
		t.Fatalf("postgrestest: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := owner(t, dir)
	data := filepath.Join(dir, "data")
	run(t, as, "initdb", "-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")

	server := command(t, as, "postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	var log strings.Builder
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatalf("postgrestest: %v", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = server.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT) // at once
		<-exited
	})
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		// The socket is there before the server is ready to serve.
		if command(t, as, "pg_isready", "-q", "-h", dir).Run() == nil {
			return fmt.Sprintf("postgres:///postgres?host=%s&user=test", dir)
		}
		select {
		case <-exited:
			t.Fatalf("postgrestest: the server has ended:\n%s", log.String())
		default:
		}
		if time.Now().After(deadline) {
			_ = server.Process.Kill()
			<-exited
			t.Fatalf("postgrestest: the server does not answer after %v:\n%s", startTimeout, log.String())
		}
	}
}

// owner gives dir to the user that servers run as, and says who that is: nil for
// the test's own.
func owner(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("postgrestest: PostgreSQL refuses to run as root: %v", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatalf("postgrestest: %v", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func run(t *testing.T, as *syscall.SysProcAttr, name string, args ...string) {
	t.Helper()
	if out, err := command(t, as, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("postgrestest: %s: %v\n%s", name, err, out)
	}
}

func command(t *testing.T, as *syscall.SysProcAttr, name string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.Command(Program(t, name), args...)
	c.SysProcAttr, c.Dir = as, "/"
	return c
}

// Program returns the path of a program of PostgreSQL's, as psql: the newest where
// there are several.
func Program(t *testing.T, name string) string {
	t.Helper()
	if dir := os.Getenv(BinariesVariable); dir != "" {
		return filepath.Join(dir, name)
	}
	newest, version := "", 0
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	for _, path := range installed {
		if v, _ := strconv.Atoi(strings.Split(path, "/")[4]); v >= version {
			newest, version = path, v
		}
	}
	if newest != "" {
		return newest
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("postgrestest: %v: install postgresql, or set %s to the folder of its programs", err, BinariesVariable)
	}
	return path
}
