package lib

import "context"

type Public struct{ Hidden hidden }

type hidden struct{ N int }

func (hidden) MarshalText() ([]byte, error) { return nil, nil }

type Alias = hidden

type Holder struct{ Stamp hidden }

type Base struct{}

func (Base) Run(context.Context) (hidden, error) { return hidden{}, nil }
