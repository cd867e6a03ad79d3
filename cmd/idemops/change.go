package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/idemgen/idemgen/internal/human"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

// errNotConfirmed is the error where nobody has agreed to a change.
var errNotConfirmed = errors.New("nothing was changed")

// forget lets a task run again.
func (c command) forget(ctx context.Context, i *ops.Inspector, f *flags) error {
	seen, err := i.Get(ctx, f.args[0])
	if err != nil {
		return err
	}
	switch seen.State {
	case idem.StateRunning:
		return inProgress(seen)
	case ops.StateCorrupt:
		return fmt.Errorf("%w under key %s: %s: look at it with redis-cli, and delete it there if you must", idem.ErrCorrupt, seen.Key, seen.Problem)
	case idem.StateReleased:
		return fmt.Errorf("%w that could be forgotten under key %s: it was released, and the next caller runs it", idem.ErrNotFound, seen.Key)
	}
	if err := c.confirm(ctx, seen, f.yes, "Forget it, so that its task runs again?"); err != nil {
		return err
	}
	if err := i.Forget(ctx, seen); err != nil {
		return err
	}
	return c.report(ctx, i, f, seen.Key, "forgotten: the next caller runs it")
}

// resolve records an answer by hand.
func (c command) resolve(ctx context.Context, i *ops.Inspector, f *flags) error {
	answer, err := f.answer()
	if err != nil {
		return usageError{err}
	}
	key := f.args[0]
	if _, err := idem.ParseKey(key); err != nil {
		return usageError{err}
	}
	seen, err := i.Get(ctx, key)
	switch {
	case errors.Is(err, idem.ErrNotFound) && f.fresh:
		seen = ops.Record{Key: key}
	case errors.Is(err, idem.ErrNotFound):
		return fmt.Errorf("%w: if the key is right, say -new", err)
	case err != nil:
		return err
	case seen.State == idem.StateRunning:
		return inProgress(seen)
	case seen.State == idem.StateDone:
		return fmt.Errorf("%w: key %s has an answer, with status %s: forget it first", idem.ErrDuplicate, seen.Key, seen.Status)
	case seen.State == ops.StateCorrupt:
		return fmt.Errorf("%w under key %s: %s: look at it with redis-cli, and delete it there if you must", idem.ErrCorrupt, seen.Key, seen.Problem)
	}
	what := "without a value"
	if answer.Value != nil {
		what = "with this value of " + human.Size(int64(len(answer.Value)))
	}
	if err := c.confirm(ctx, seen, f.yes, "Record that it has run, "+what+"?"); err != nil {
		return err
	}
	if err := i.Resolve(ctx, seen, answer); err != nil {
		return err
	}
	return c.report(ctx, i, f, key, "resolved: duplicates get this answer")
}

// inProgress is the refusal of a live lease.
func inProgress(r ops.Record) error {
	return fmt.Errorf("%w under key %s: its lease lives for another %s, and is renewed as long as its owner does: "+
		"wait for it, or stop the process that runs it", idem.ErrInProgress, r.Key, human.Until(r.LeaseEndsAt))
}

// answer is what -value, -codec and -ttl say.
func (f *flags) answer() (idem.Answer, error) {
	a := idem.Answer{Codec: f.codec, TTL: f.ttl}
	if f.value == "" {
		return a, nil
	}
	a.Value = []byte(f.value)
	if file, ok := strings.CutPrefix(f.value, "@"); ok {
		data, err := os.ReadFile(file)
		if err != nil {
			return a, fmt.Errorf("flag -value: %w", err)
		}
		a.Value = data
	}
	if f.codec == idem.JSON.Name() && !json.Valid(a.Value) {
		return a, errors.New(`flag -value is no JSON: a text is written in quotes, as '"receipt-1"'`)
	}
	return a, nil
}

// confirm shows a record and asks, unless yes says that it is agreed to.
func (c command) confirm(ctx context.Context, r ops.Record, yes bool, question string) error {
	if yes {
		return nil
	}
	if !isTerminal(c.stdin) {
		return fmt.Errorf("%w: there is no terminal to ask at: say -yes", errNotConfirmed)
	}
	if r.State == "" {
		row(c.stderr, "key", human.Printable(r.Key))
		row(c.stderr, "state", "nothing is stored")
	} else {
		describe(c.stderr, r, isColorful(c.stderr))
	}
	fmt.Fprintf(c.stderr, "\n%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(c.stdin).ReadString('\n') // the end of input is no
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-answers:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return errNotConfirmed
	case <-ctx.Done():
		fmt.Fprintln(c.stderr)
		return errNotConfirmed
	}
}

// report tells what was done, and as JSON what is stored now.
func (c command) report(ctx context.Context, i *ops.Inspector, f *flags, key, what string) error {
	if !f.json {
		fmt.Fprintf(c.stdout, "%s %s\n", human.Printable(key), what)
		return nil
	}
	r, err := i.Get(ctx, key)
	if err != nil {
		return err
	}
	return c.getJSON(r, false)
}
