package main_test

import (
	"context"

	main "github.com/idemgen/idemgen/generator/testdata/scenarios/command"
)

//idem:task key=Name
type outside struct{ main.Greet }

func (outside) Run(context.Context) (main.Greet, error) { return main.Greet{}, nil }
