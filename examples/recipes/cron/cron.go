// Package cron runs a job once in each period, on whichever of many hosts comes
// first.
//
// What it teaches: the key is the period, computed from the time for which the job is
// scheduled and not from the clock; the ttl is longer than a period; a host that dies
// in the middle is replaced by one that waits.
package cron

import (
	"context"
	"log/slog"
	"time"
)

//go:generate go tool idemgen

// WriteReport writes the report of a day.
//
//idem:task key=Day() ttl=48h wait=10m
type WriteReport struct {
	Scheduled time.Time

	Write func(ctx context.Context, day string) error `idem:"-"`
}

// Day is the day whose report it is: the one that ended when it was scheduled.
func (r WriteReport) Day() string {
	return r.Scheduled.UTC().Add(-time.Nanosecond).Format(time.DateOnly)
}

// Run writes the report.
func (r WriteReport) Run(ctx context.Context) error { return r.Write(ctx, r.Day()) }

// Nightly writes a report at the end of each day, UTC, until ctx ends. Every host
// runs it.
func Nightly(ctx context.Context, report *IdempotentWriteReport, write func(context.Context, string) error) {
	const day = 24 * time.Hour
	for next := time.Now().UTC().Truncate(day).Add(day); ; next = next.Add(day) {
		select {
		case <-time.After(time.Until(next)):
		case <-ctx.Done():
			return
		}
		res, err := report.Run(ctx, WriteReport{Scheduled: next, Write: write})
		switch {
		case err != nil:
			slog.ErrorContext(ctx, "the report was not written here", "scheduled", next, "error", err)
		case res.Duplicate:
			slog.DebugContext(ctx, "the report was written by another host", "scheduled", next)
		}
	}
}
