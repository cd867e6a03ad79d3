package main

import (
	"io"
	"os"
)

// isColorful reports whether w is a terminal that shows colours, and nobody has
// asked for none: https://no-color.org.
func isColorful(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
