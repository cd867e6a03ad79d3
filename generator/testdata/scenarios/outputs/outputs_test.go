package outputs

import "context"

//idem:task key=ID
type url struct {
	ID     int
	Status int `idem:"out"`
}

func (u *url) Run(context.Context) error { return nil }

var _ = newIdempotentUrl
