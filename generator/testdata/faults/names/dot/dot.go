package dot

import . "github.com/idemgen/idemgen/generator/testdata/faults/names/other"

var _ Elsewhere

//idem:task key=ID
type Dotted struct{ ID int }
