// Package imports uses packages whose names collide.
package imports

import (
	"context"
	stdtemplate "html/template"
	. "net/url"
	"text/template"

	client "github.com/idemgen/idemgen/generator/testdata/scenarios/imports/client"
	_ "github.com/idemgen/idemgen/generator/testdata/scenarios/imports/codecs"
)

// Render returns types of packages with one name.
//
//idem:task key=ID,At codec=codecs.Text
type Render struct {
	ID string
	At client.Stamp
}

// Run renders.
func (r Render) Run(context.Context) (map[*template.Template]*stdtemplate.Template, error) {
	return nil, nil
}

// Resolve returns a type of a dot import.
//
//idem:task key=ID
type Resolve struct{ ID string }

// Run resolves.
func (r Resolve) Run(context.Context) (struct {
	URL   *URL `json:"url,omitempty"`
	Reply client.Reply
	Time  func(client.Stamp) error
}, error) {
	panic("no")
}
