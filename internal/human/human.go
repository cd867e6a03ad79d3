// Package human writes numbers, times and foreign text for people to read.
package human

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Printable returns a text that can do nothing to a terminal: what is not printed as
// a character of its own, such as control characters, marks that turn the direction of
// writing, and bytes that are no text, becomes \xXX.
func Printable(s string) string { return clean(s, "") }

// Lines is like Printable, but leaves the ends of lines.
func Lines(s string) string { return clean(s, "\n") }

func clean(s, keep string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		if (r != utf8.RuneError || width > 1) && (unicode.IsPrint(r) || strings.ContainsRune(keep, r)) {
			b.WriteString(s[i : i+width])
		} else {
			for _, c := range []byte(s[i : i+width]) {
				fmt.Fprintf(&b, `\x%02X`, c)
			}
		}
		i += width
	}
	return b.String()
}

// Span writes a duration in its two largest units at most.
func Span(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// Ago is how long ago a time was, by our clock, or "-".
func Ago(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return Span(max(0, time.Since(t)))
}

// Until is how long a time is from now, or "-".
func Until(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return Span(max(0, time.Until(t)))
}

// Moment writes a time with its distance from now.
func Moment(t time.Time) string {
	text := t.UTC().Format("2006-01-02 15:04:05 UTC")
	if d := time.Until(t); d > 0 {
		return text + ", in " + Span(d)
	}
	return text + ", " + Ago(t) + " ago"
}

// Size writes a number of bytes.
func Size(n int64) string {
	switch {
	case n < 10_000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 10_000_000:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	case n < 10_000_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(n)/1e9, 'f', 1, 64) + " GB"
}

// Count writes a number with its thousands parted.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
