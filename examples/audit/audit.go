// Package audit writes one line to an audit log for each action, however often
// it is reported.
//
// What it teaches: hash(a,b,c) makes one short part of several fields, for
// values that are long, or that should not stand readable in a key. Another
// service derives the same key without this code; in JavaScript:
//
//	createHash('sha256').update(JSON.stringify([actor, action, resource])).digest('hex').slice(0, 32)
package audit

import (
	"context"
	"fmt"
	"io"
)

//go:generate go tool idemgen

// AuditAction reports what an actor did to a resource.
//
//idem:task key=hash(Actor,Action,Resource) ttl=24h
type AuditAction struct {
	Actor    string
	Action   string
	Resource string

	Log io.Writer `idem:"-"`
}

// Run writes the line.
func (a AuditAction) Run(context.Context) error {
	_, err := fmt.Fprintf(a.Log, "%s: %s %s\n", a.Actor, a.Action, a.Resource)
	return err
}
