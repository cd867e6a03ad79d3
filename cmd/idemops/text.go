package main

import (
	"io"
	"os"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

// stateName is the word for a record's state: of an answer, how it ended.
func stateName(r ops.Record) string {
	if r.State == idem.StateDone && r.Status != idem.StatusSuccess {
		return string(r.Status)
	}
	return string(r.State)
}

// isTerminal reports whether f is a terminal.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// isColorful reports whether w is a terminal that shows colours, and nobody has
// asked for none: https://no-color.org.
func isColorful(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// colors are those of states, as parameters of SGR.
var colors = map[string]string{
	"corrupt": "31;1", "interrupted": "31", "failed": "31", "running": "36", "released": "33", "done": "32", "gone": "2",
}

// colored returns text in the colour of a state.
func colored(state, text string, colorful bool) string {
	if color := colors[state]; colorful && color != "" {
		return "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	return text
}
