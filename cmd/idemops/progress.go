package main

import (
	"fmt"
	"io"
	"time"

	"github.com/idemgen/idemgen/internal/human"
	"github.com/idemgen/idemgen/runtime/ops"
)

// progress is a line on a terminal that tells how far a look through Redis has come,
// once that takes noticeably long.
type progress struct {
	w     io.Writer // nil where there is no terminal
	began time.Time
	next  time.Time
	shown bool
}

const (
	patience = time.Second
	interval = 200 * time.Millisecond
)

func (c command) progress() *progress {
	p := &progress{began: time.Now()}
	if isTerminal(c.stderr) {
		p.w = c.stderr
	}
	p.next = p.began.Add(patience)
	return p
}

func (p *progress) tell(at ops.Progress) {
	now := time.Now()
	if p.w == nil || now.Before(p.next) {
		return
	}
	p.next, p.shown = now.Add(interval), true
	percent := 100.0
	if at.Total > 0 {
		percent = float64(at.Looked) / float64(at.Total) * 100
	}
	fmt.Fprintf(p.w, "\r\x1b[K%3.0f%%  %s of about %s keys looked through, %s found", percent, human.Count(at.Looked), human.Count(at.Total), human.Count(at.Found))
}

// clear takes the line away, so that something else can be printed.
func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
