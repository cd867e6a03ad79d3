package outbox_test

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/postgrestest"
)

//go:embed executions.sql
var executions string

// A database is a PostgreSQL with the table of executions.sql.
type database struct {
	url     string
	prepare string // both forms of the insert, as statements whole and fenced
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	parts := strings.Split(executions, "\n\n")
	require.Len(t, parts, 3, "the table, the form for one transaction, the form for several")
	db := &database{url: postgrestest.Start(t)}
	db.prepare = "PREPARE whole (text, bigint) AS " + parts[1] + "\nPREPARE fenced (text, bigint) AS " + parts[2] + "\n"
	s := db.open(t, "table")
	s.send(parts[0])
	assert.Contains(t, s.end(), "CREATE TABLE")
	return db
}

// A session is a psql, which reads statements one by one.
type session struct {
	t     *testing.T
	psql  *exec.Cmd
	input io.WriteCloser
	said  bytes.Buffer
}

// open starts a session whose name the server knows.
func (db *database) open(t *testing.T, name string) *session {
	t.Helper()
	s := &session{t: t, psql: exec.Command(postgrestest.Program(t, "psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", db.url)}
	s.psql.Env = append(s.psql.Environ(), "PGAPPNAME="+name)
	s.psql.Stdout, s.psql.Stderr = &s.said, &s.said
	var err error
	s.input, err = s.psql.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, s.psql.Start())
	return s
}

func (s *session) send(statement string) {
	s.t.Helper()
	_, err := fmt.Fprintln(s.input, statement)
	require.NoError(s.t, err)
}

// end returns what the session has said, once it has done all that was sent.
func (s *session) end() string {
	s.t.Helper()
	require.NoError(s.t, s.input.Close())
	require.NoError(s.t, s.psql.Wait(), "%s", &s.said)
	return s.said.String()
}

func enter(form, key string, fence int64) string {
	return fmt.Sprintf("EXECUTE %s ('%s', %d);", form, key, fence)
}

var insert = regexp.MustCompile(`(?m)^INSERT 0 (\d+)$`)

// rows ends the session, and returns how many rows each of its inserts wrote.
func (s *session) rows() string {
	s.t.Helper()
	var counts []string
	for _, said := range insert.FindAllStringSubmatch(s.end(), -1) {
		counts = append(counts, said[1])
	}
	return strings.Join(counts, " ")
}

// await waits until the server says of a session what it shall.
func (db *database) await(t *testing.T, name, condition string) {
	t.Helper()
	s := db.open(t, "look")
	s.send(fmt.Sprintf(`SET statement_timeout = '1min';
		DO $$ BEGIN
			WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '%s' AND %s) LOOP
				PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
			END LOOP;
		END $$;`, name, condition))
	s.end()
}

func TestTheSQLKeepsItsWord(t *testing.T) {
	db := newDatabase(t)

	for name, test := range map[string]struct {
		form   string
		fences []int64 // one transaction each
		want   string  // rows
	}{
		"one transaction: only the first inserts":       {"whole", []int64{5, 5, 6, 4}, "1 0 0 0"},
		"several transactions: who is overtaken is out": {"fenced", []int64{5, 5, 4, 6, 5}, "1 1 0 1 0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := db.open(t, "enter")
			s.send(db.prepare)
			for _, fence := range test.fences {
				s.send(enter(test.form, name, fence))
			}
			assert.Equal(t, test.want, s.rows())
		})
	}

	for name, test := range map[string]struct {
		form          string
		first, second int64 // fences, in the order of their transactions
		end           string
		want          string // rows of the second
	}{
		"of two at once, one":                       {"whole", 5, 6, "COMMIT;", "0"},
		"one that is rolled back is none":           {"whole", 5, 6, "ROLLBACK;", "1"},
		"overtaken before the other has committed":  {"fenced", 6, 5, "COMMIT;", "0"},
		"overtaken by one that is rolled back":      {"fenced", 6, 5, "ROLLBACK;", "1"},
		"the later of two owners waits for the one": {"fenced", 5, 6, "COMMIT;", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := db.open(t, "first"), db.open(t, "second")
			first.send(db.prepare + "BEGIN;")
			first.send(enter(test.form, name, test.first))
			db.await(t, "first", "state = 'idle in transaction' AND query LIKE 'EXECUTE%'")
			second.send(db.prepare)
			second.send(enter(test.form, name, test.second))
			db.await(t, "second", "wait_event_type = 'Lock'")
			first.send(test.end)
			assert.Equal(t, "1", first.rows())
			assert.Equal(t, test.want, second.rows())
		})
	}
}
