package chaos_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// An entry is one line of the ledger. Times are in nanoseconds of the machine's
// clock, which all processes share.
type entry struct {
	Op      string // call, begin, alive, effect, return, loss, recovered
	Time    int64
	Call    string `json:",omitempty"` // of which call, unique in a round
	Key     string `json:",omitempty"`
	ID      string `json:",omitempty"` // the execution's
	Attempt int    `json:",omitempty"`
	Fence   int64  `json:",omitempty"`
	Value   string `json:",omitempty"`
	Dup     bool   `json:",omitempty"`
	Failed  bool   `json:",omitempty"` // return: with an error
	Code    string `json:",omitempty"` // its code, or cancelled, declined or killed
	Text    string `json:",omitempty"` // its text
}

// A ledger is a file to which many processes append whole lines, each by one write,
// so that one who dies leaves a line or none.
type ledger struct{ file *os.File }

func openLedger(path string) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return &ledger{file}, err
}

func (l *ledger) write(e entry) {
	if e.Time == 0 {
		e.Time = time.Now().UnixNano()
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = l.file.Write(append(line, '\n'))
	}
	if err != nil {
		panic(fmt.Sprintf("the ledger cannot be written: %v", err))
	}
}

func readLedger(path string) ([]entry, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
