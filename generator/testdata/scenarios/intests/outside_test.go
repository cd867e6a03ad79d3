package intests_test

import (
	"context"

	"github.com/idemgen/idemgen/generator/testdata/scenarios/intests"
)

//idem:task key=N
type Outside struct{ intests.Exported }

func (o Outside) Run(context.Context) (intests.Exported, error) { return o.Exported, nil }
